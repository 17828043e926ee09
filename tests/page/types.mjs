/**
 * The shapes of the API as types, from `src/web/openapi.json`: `tsc` checks the page against them.
 *
 *   node tests/page/types.mjs > tests/page/openapi.d.ts
 */

import { readFileSync } from 'node:fs';

const PRIMITIVES = { string: 'string', integer: 'number', number: 'number', boolean: 'boolean', null: 'null' };

const { components } = JSON.parse(readFileSync(new URL('../../src/web/openapi.json', import.meta.url), 'utf8'));

const joined = (schemas, sign) => schemas.map(type).join(sign);

function type(schema) {
  if (schema.$ref) return schema.$ref.split('/').at(-1);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.allOf) return `(${joined(schema.allOf, ' & ')})`;
  if (schema.oneOf ?? schema.anyOf) return `(${joined(schema.oneOf ?? schema.anyOf, ' | ')})`;
  if (schema.items) return `${type(schema.items)}[]`;
  if (schema.additionalProperties) return `Record<string, ${type(schema.additionalProperties)}>`;
  if (schema.properties) return fields(schema);
  return [schema.type].flat().map((name) => PRIMITIVES[name] ?? 'unknown').join(' | ');
}

function fields({ properties, required = [] }) {
  const lines = Object.entries(properties).map(([name, schema]) => `  ${name}${required.includes(name) ? '' : '?'}: ${type(schema)};`);
  return `{\n${lines.join('\n')}\n}`;
}

export const types = `/** Written by tests/page/types.mjs. */\n${Object.entries(components.schemas)
  .map(([name, schema]) => `export type ${name} = ${type(schema)};`).join('\n')}\n`;

if (process.argv[1] === import.meta.filename) process.stdout.write(types);
