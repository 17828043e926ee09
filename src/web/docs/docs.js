/** The API's description, from `openapi.json`, for people. */

import { bilingual, byId, make } from '../view.js';
import { words } from '../words.js';

/** @typedef {{ $ref?: string, type?: string | string[], enum?: unknown[], const?: unknown, items?: Schema, oneOf?: Schema[], allOf?: Schema[],
 *   anyOf?: Schema[], properties?: Record<string, Schema>, required?: string[], description?: string, format?: string }} Schema */

/** @param {string} reference */
const nameOf = (reference) => reference.split('/').at(-1) ?? '';

/** Paragraphs of a description. @param {string | undefined} text */
const paragraphs = (text) => (text ? text.split('\n\n').map((part) => make('p', {}, part)) : []);

/**
 * What a value is, in a few words, with links to the shapes below.
 * @param {Schema | undefined} schema
 * @returns {(Node | string)[]}
 */
function kind(schema) {
  if (!schema) return ['any'];
  if (schema.$ref) return [make('a', { href: `#${nameOf(schema.$ref)}` }, nameOf(schema.$ref))];
  if (schema.enum) return [schema.enum.map((value) => JSON.stringify(value)).join(' | ')];
  if (schema.items) return ['list of ', ...kind(schema.items)];
  const several = schema.oneOf ?? schema.anyOf ?? schema.allOf;
  if (several) return several.flatMap((part, place) => (place ? [schema.allOf ? ' & ' : ' | ', ...kind(part)] : kind(part)));
  if (schema.properties) return [Object.keys(schema.properties).join(', ')];
  const types = [schema.type ?? 'any'].flat().join(' | ');
  return [schema.format ? `${types} (${schema.format})` : types];
}

/** The properties of a shape, its parts' among them. @param {Schema} schema @returns {HTMLElement[]} */
function fields(schema) {
  const rows = Object.entries(schema.properties ?? {}).map(([name, property]) => make('tr', {},
    make('th', { scope: 'row' }, make('code', {}, name)),
    make('td', {}, ...kind(property), schema.required?.includes(name) ? '' : ', optional'),
    make('td', {}, property.description ?? '')));
  const table = rows.length ? [make('div', { class: 'scrolled', tabindex: '0' }, make('table', {}, make('tbody', {}, ...rows)))] : [];
  const parts = schema.allOf ?? schema.oneOf ?? schema.anyOf ?? [];
  return [...table, ...parts.flatMap((part) => [...(part.description ? paragraphs(part.description) : []),
    ...(part.$ref ? [make('p', {}, ...kind(part))] : fields(part))])];
}

/** A body in one of its media types. */
const body = (content) => Object.entries(content ?? {}).flatMap(([type, { schema }]) => [' ', make('code', {}, type), ' ', ...kind(schema)]);

function call(path, method, { summary, description, parameters = [], requestBody, responses }) {
  const taken = parameters.map((parameter) => make('li', {}, make('code', {}, parameter.name), `: ${parameter.description ?? ''}`));
  if (requestBody) taken.push(make('li', {}, 'body:', ...body(requestBody.content), requestBody.description ? `: ${requestBody.description}` : ''));
  const given = Object.entries(responses).map(([status, answer]) => make('li', {}, make('b', {}, status), `: ${answer.description}`, ...body(answer.content)));
  return make('section', {}, make('h2', {}, make('code', {}, `${method.toUpperCase()} ${path}`)), make('p', {}, make('b', {}, summary ?? '')), ...paragraphs(description),
    ...(taken.length ? [make('h3', {}, 'Takes'), make('ul', {}, ...taken)] : []), make('h3', {}, 'Answers'), make('ul', {}, ...given));
}

async function show() {
  const { paths, components } = await (await fetch('../openapi.json')).json();
  byId('calls').replaceChildren(...Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => call(path, method, operation))));
  byId('shapes').replaceChildren(...Object.entries(components.schemas).map(([name, schema]) => make('section', {},
    make('h2', { id: name }, name), ...paragraphs(schema.description), ...(schema.enum ? [make('p', {}, ...kind(schema))] : fields(schema)))));
  if (location.hash) document.querySelector(location.hash)?.scrollIntoView();
}

show().catch(() => byId('state').replaceChildren(...bilingual(words.docs)));
