/** The operator's page: how the service is used, from `stats.json`. */

import { bilingual, byId, make } from './view.js';
import { words } from './words.js';

const SHOWN = 30; // days in the chart

/**
 * What the counts of a day, or of many, say.
 * @param {Object<string, number>} counts by name, as src/service/observe/usage.rs has them
 */
export function summary(counts) {
  const sum = (...names) => names.reduce((total, name) => total + (counts[name] ?? 0), 0);
  return {
    judged: sum('status.done'),
    friends: [sum('verdict.match', 'verdict.either'), sum('status.done')],
    phones: [sum('device.mobile'), sum('device.mobile', 'device.tablet', 'device.desktop', 'device.unknown')],
    right: [sum('feedback.right'), sum('feedback.right', 'feedback.wrong')],
    failed: sum('status.rejected', 'status.failed', 'status.expired'),
  };
}

/**
 * All days together.
 * @param {Object<string, Object<string, number>>} days
 * @returns {Object<string, number>}
 */
export function total(days) {
  /** @type {Object<string, number>} */
  const all = {};
  for (const counts of Object.values(days)) {
    for (const [name, count] of Object.entries(counts)) all[name] = (all[name] ?? 0) + count;
  }
  return all;
}

/**
 * A share in percent; a dash where there is nothing to share.
 * @param {number[]} share a part, and of how many
 */
export const percent = ([part, all]) => (all ? `${((100 * part) / all).toFixed(1)} %` : '–');

/** The last days up to this one, also those on which nothing was counted. */
export function lastDays(days, today, count = SHOWN) {
  return Array.from({ length: count }, (_, i) => {
    const day = new Date(today - (count - 1 - i) * 86_400_000).toISOString().slice(0, 10);
    return [day, days[day] ?? {}];
  });
}

async function show() {
  const answer = await fetch('stats.json', { cache: 'no-store' });
  if (answer.status === 404) return byId('state').replaceChildren(...bilingual(words.stats.none));
  const { days } = await answer.json();
  byId('totals').replaceChildren(...tiles(summary(total(days))));
  const shown = lastDays(days, Date.now());
  byId('chart').querySelector('.days').replaceChildren(...bars(shown));
  byId('chart').hidden = false;
  fill(document.querySelector('table'), shown.filter(([, counts]) => Object.keys(counts).length).reverse());
  return undefined;
}

function tiles({ judged, failed, ...shares }) {
  const tile = (name, value, note) => make('div', {}, make('dt', {}, ...bilingual(words.stats[name])), make('dd', {}, value),
    ...(note ? [make('dd', { class: 'small' }, ...bilingual(note))] : []));
  return [
    tile('judged', String(judged)),
    ...Object.entries(shares).map(([name, share]) => tile(name, percent(share), words.stats.outOf(share[0], share[1]))),
    tile('failed', String(failed)),
  ];
}

/** A bar for each day, as high as its judgements; named by the table below. */
function bars(days) {
  const counts = days.map(([, counts]) => summary(counts).judged);
  const most = Math.max(1, ...counts);
  return counts.map((count, i) => {
    const bar = make('span', { title: `${days[i][0]}: ${count}` });
    bar.style.height = `${(100 * count) / most}%`;
    return bar;
  });
}

function fill(table, days) {
  const names = ['judged', 'friends', 'phones', 'right', 'failed'];
  table.tHead.replaceChildren(make('tr', {}, ...['day', ...names].map((name) => make('th', { scope: 'col' }, ...bilingual(words.stats[name])))));
  table.tBodies[0].replaceChildren(...days.map(([day, counts]) => {
    const said = summary(counts);
    const cell = (name) => make('td', {}, Array.isArray(said[name]) ? percent(said[name]) : String(said[name]));
    return make('tr', {}, make('th', { scope: 'row' }, day), ...names.map(cell));
  }));
  table.hidden = days.length === 0;
}

if (globalThis.document) show().catch(() => byId('state').replaceChildren(...bilingual(words.stats.unreadable)));
