/** What the page's modules do without a browser: geometry, colours, media types, words, and which files belong to the page. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { between, inPixels, moved, resized } from '../../src/web/box.js';
import { bandOf, isSure, ofTen } from '../../src/web/certainty.js';
import { readableOn } from '../../src/web/color.js';
import { shrunk, sniff } from '../../src/web/photo.js';
import { lastDays, percent, summary, total } from '../../src/web/stats.js';
import { words } from '../../src/web/words.js';
import { types } from './types.mjs';

const page = new URL('../../src/web/', import.meta.url);
const read = (name) => readFileSync(new URL(name, page), 'utf8');

/** Numbers from 0 to 1, the same in each run. */
function random(seed) {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

const EDGE = 1e-9;
function assertInside({ x, y, width, height }) {
  assert.ok(x >= -EDGE && y >= -EDGE && x + width <= 1 + EDGE && y + height <= 1 + EDGE && width > 0 && height > 0,
    JSON.stringify({ x, y, width, height }));
}

test('a verdict is as sure as held-out pictures of its score allow', () => {
  const bands = [{ from: 0.6, right: 40, of: 60 }, { from: 0.9, right: 60, of: 61 }];
  assert.equal(bandOf(bands, 0.7), bands[0]);
  assert.equal(bandOf(bands, 0.9), bands[1]);
  assert.equal(bandOf(bands, 0.1), bands[0], 'below the lowest');
  assert.equal(isSure(bands, 0.7), false);
  assert.equal(isSure(bands, 0.95), true);
  assert.equal(isSure([{ from: 0.5, right: 5, of: 5 }], 0.99), false, 'five pictures make nothing sure');
  assert.equal(isSure(undefined, 0.95), true, 'without bands the score decides');
  assert.equal(isSure([], 0.85), false);
  assert.deepEqual([ofTen(bands[0]), ofTen(bands[1]), ofTen({ right: 30, of: 30 })], [7, 9, 10]);
});

test('a box stays inside the photo, wherever it is dragged', () => {
  const next = random(1);
  const any = () => 4 * next() - 2; // also far outside
  for (let i = 0; i < 2000; i++) {
    const [a, b] = [{ x: any(), y: any() }, { x: any(), y: any() }];
    const box = between(a, b);
    assertInside(box);
    assert.deepEqual(between(b, a), box, 'the order of the corners does not matter');
    const there = moved(box, any(), any());
    assertInside(there);
    assert.deepEqual([there.width, there.height], [box.width, box.height]);
    const larger = resized(box, any(), any());
    assertInside(larger);
    assert.deepEqual([larger.x, larger.y], [box.x, box.y]);
  }
});

test('a box in pixels lies in the photo and covers what was drawn', () => {
  const next = random(2);
  for (let i = 0; i < 2000; i++) {
    const size = { width: 1 + Math.floor(4000 * next()), height: 1 + Math.floor(4000 * next()) };
    const box = between({ x: next(), y: next() }, { x: next(), y: next() });
    const { x, y, width, height } = inPixels(box, size);
    assert.ok([x, y, width, height].every(Number.isInteger) && width >= 1 && height >= 1);
    assert.ok(x >= 0 && y >= 0 && x + width <= size.width && y + height <= size.height);
    assert.ok(x <= box.x * size.width && x + width + EDGE >= Math.min(size.width, (box.x + box.width) * size.width));
  }
});

test('letters can be read on every colour', () => {
  const luminance = (color) => {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const next = random(3);
  for (let i = 0; i < 2000; i++) {
    const color = `#${Math.floor(next() * 0xffffff).toString(16).padStart(6, '0')}`;
    const [a, b] = [luminance(color), luminance(readableOn(color))].sort((p, q) => q - p);
    assert.ok((a + 0.05) / (b + 0.05) >= 4.5, color);
  }
});

test('a photo is sent with 1280 px, a long one with more, none enlarged', () => {
  assert.deepEqual(shrunk({ width: 4000, height: 3000 }), { width: 1280, height: 960 });
  assert.deepEqual(shrunk({ width: 800, height: 600 }), { width: 800, height: 600 });
  assert.deepEqual(shrunk({ width: 1080, height: 5000 }), { width: 640, height: 2963 });
  assert.deepEqual(shrunk({ width: 20000, height: 1000 }), { width: 4096, height: 205 });
  assert.deepEqual(shrunk({ width: 20, height: 6000 }), { width: 16, height: 4800 }, 'what is judged must be left');
  const next = random(4);
  for (let i = 0; i < 2000; i++) {
    const [width, height] = [16 + Math.floor(9000 * next()), 16 + Math.floor(9000 * next())];
    const sent = shrunk({ width, height });
    assert.ok(sent.width <= width && sent.height <= height && (Math.max(sent.width, sent.height) <= 4096 || Math.min(sent.width, sent.height) === 16));
    assert.ok(Math.abs(sent.width * height - sent.height * width) <= Math.max(width, height), 'the shape stays');
  }
});

test('counts become shares, and days without any are days', () => {
  const days = {
    '2026-11-25': { 'status.done': 3, 'verdict.match': 1, 'verdict.either': 1, 'verdict.none': 1, 'device.mobile': 3, 'device.desktop': 1 },
    '2026-11-26': { 'status.done': 1, 'status.rejected': 2, 'verdict.none': 1, 'feedback.right': 1, 'feedback.wrong': 1 },
  };
  const said = summary(total(days));
  assert.deepEqual(said, { judged: 4, friends: [2, 4], phones: [3, 4], right: [1, 2], failed: 2 });
  assert.equal(percent(said.phones), '75.0 %');
  assert.equal(percent([0, 0]), '–');
  const shown = lastDays(days, Date.parse('2026-11-26T00:10:00Z'), 3);
  assert.deepEqual(shown.map(([day]) => day), ['2026-11-24', '2026-11-25', '2026-11-26']);
  assert.deepEqual(shown[0][1], {});
});

test('a file is what its first bytes say', () => {
  const bytes = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  for (const [head, type] of [
    ['\xff\xd8\xff\xe0\0\x10JFIF\0\x01', 'image/jpeg'],
    ['\x89PNG\r\n\x1a\n\0\0\0\r', 'image/png'],
    ['GIF89a\x01\0\x01\0\0\0', 'image/gif'],
    ['RIFF\x24\0\0\0WEBP', 'image/webp'],
    ['\0\0\0\x18ftypheic', 'image/heif'],
    ['these are notes', null],
    ['', null],
  ]) assert.equal(sniff(bytes(head)), type, head);
});

test('everything is said in both languages', () => {
  const friend = { ja: 'サーバル', en: 'Serval' };
  let count = 0;
  const look = (say, path) => {
    if (typeof say === 'function') look(say.length === 2 ? say(2, 6) : say(path === 'closest' || path === 'post' ? friend : 6), path);
    else if ('ja' in say) {
      assert.ok(say.ja && say.en, path);
      assert.ok(!/[\u3040-\u30ff\u4e00-\u9fff]/.test(say.en), `${path}: ${say.en}`);
      count++;
    } else for (const [name, inner] of Object.entries(say)) look(inner, path ? `${path}.${name}` : name);
  };
  look(words, '');
  assert.ok(count > 50);
});

test('the service has no error code without words', () => {
  const codes = /pub enum Code \{(.*?)\n\}/s.exec(readFileSync(new URL('../../src/service/error.rs', import.meta.url), 'utf8'))[1];
  const names = [...codes.matchAll(/^ {4}([A-Z]\w+),/gm)].map(([, name]) => name.replace(/(?!^)[A-Z]/g, (c) => `_${c}`).toLowerCase());
  assert.ok(names.length > 5);
  for (const name of names) assert.ok(Object.hasOwn(words.errors, name), name);
});

test('the types of the API are those of its description', () => {
  assert.equal(readFileSync(new URL('openapi.d.ts', import.meta.url), 'utf8'), types, 'node tests/page/types.mjs > tests/page/openapi.d.ts');
});

const modules = readdirSync(page).filter((name) => name.endsWith('.js'));

test('the worker keeps every file that the page needs without a connection', () => {
  const kept = [.../const FILES = \[(.*?)\]/s.exec(read('worker.js'))[1].matchAll(/'(.*?)'/g)].map(([, name]) => name);
  const needed = readdirSync(page).filter((name) => /\.(js|css|html|svg)$/.test(name) && name !== 'worker.js');
  assert.deepEqual(kept.map((name) => (name === './' ? 'index.html' : name)).sort(), needed.sort());
});

test('the start page asks for its modules at once', () => {
  const wanted = new Set();
  const follow = (name) => {
    for (const [, inner] of read(name).matchAll(/^import .*?'\.\/(.*?)';/gms)) {
      if (!wanted.has(inner)) follow((wanted.add(inner), inner));
    }
  };
  follow('app.js');
  const preloaded = [...read('index.html').matchAll(/<link rel="modulepreload" fetchpriority="low" href="(.*?)">/g)].map(([, name]) => name);
  assert.deepEqual(preloaded.sort(), [...wanted].sort());
  assert.ok(wanted.size > 8 && modules.length > wanted.size);
});
