/** How the page waits for the service: retries, clocks that differ, documents that are gone. Time passes at once. */

import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';

import { awaitResult, lookEarly, openTicket, takeBack } from '../../src/web/api.js';

globalThis.navigator ??= {}; // node has one since its version 21
const signal = new AbortController().signal;
const START = Date.parse('2026-11-26T12:00:00Z');

/** Answers requests in this order, the last one for ever; returns the waiting in ms before each. */
function serve(...answers) {
  let now = START;
  mock.method(Date, 'now', () => now);
  const pauses = [];
  const timers = [];
  mock.method(globalThis, 'setTimeout', (call, ms = 0) => {
    timers.push(call);
    // A pause, or the limit of a request, which never comes.
    if (ms < 20_000) queueMicrotask(() => {
      pauses.push(ms);
      now += ms;
      call();
    });
    return timers.length;
  });
  mock.method(globalThis, 'clearTimeout', () => {});
  let asked = 0;
  mock.method(globalThis, 'fetch', async () => {
    const answer = answers[Math.min(asked++, answers.length - 1)];
    if (answer === 'broken') throw new TypeError('broken');
    const { status = 200, body = {}, headers = {}, clock = 0 } = answer;
    const date = new Date(Date.now() + clock).toUTCString();
    return new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { date, ...headers } });
  });
  return { pauses, asked: () => asked };
}

afterEach(() => mock.restoreAll());

const waiting = (minutes, clock = 0) => ({
  clock, body: { status: 'waiting', deadline: new Date(START + clock + minutes * 60_000).toISOString() },
});

const done = { status: 'done', faces: [], photo_deleted_at: '2026-11-30T00:00:00Z' };

test('a result that does not say when its photo was deleted is read once more', async () => {
  const { photo_deleted_at: _, ...early } = done;
  const { asked } = serve({ body: early }, { body: done });
  assert.deepEqual(await awaitResult('/results/x.json', () => {}, signal), done);
  assert.equal(asked(), 2);
  const again = serve({ body: early }, { body: early }, { body: done });
  assert.deepEqual(await awaitResult('/results/x.json', () => {}, signal), early, 'nobody waits long for it');
  assert.equal(again.asked(), 2);
});

test('a result that comes at once is seen by the first look after it', async () => {
  const { asked } = serve(waiting(15), 'broken', { body: done });
  assert.deepEqual(await lookEarly('/results/x.json', signal), done);
  assert.ok(asked() >= 3);
});

test('early looks that see no end leave it to those that follow', async () => {
  const { photo_deleted_at: _, ...early } = done;
  const { asked } = serve(waiting(15), waiting(15), { body: early });
  assert.equal(await lookEarly('/results/x.json', signal), null);
  assert.equal(asked(), 4);
  serve({ body: { status: 'rejected', error: { code: 'photo_rejected', message: 'x' }, photo_deleted_at: done.photo_deleted_at } });
  await assert.rejects(lookEarly('/results/x.json', signal), { state: 'rejected' });
});

test('a result is asked for until it is there, ever more slowly', async () => {
  const { pauses } = serve(...Array(12).fill(waiting(15)), { body: done });
  const result = await awaitResult('/results/x.json', () => {}, signal);
  assert.equal(result.status, 'done');
  assert.equal(pauses.length, 12);
  assert.ok(pauses[0] < 400 && pauses.every((ms) => ms <= 3600), pauses.join());
});

test('a device whose clock is two hours wrong waits as long as any other', async () => {
  for (const clock of [-2, 0, 2].map((hours) => hours * 3_600_000)) {
    const { pauses } = serve(waiting(15, clock));
    await assert.rejects(awaitResult('/results/x.json', () => {}, signal), { state: 'expired' });
    const waited = pauses.reduce((sum, ms) => sum + ms, 0) / 60_000;
    assert.ok(waited > 14.9 && waited < 15.2, `${waited} minutes`);
    mock.restoreAll();
  }
});

test('broken connections are endured and counted', async () => {
  serve(waiting(15), 'broken', 'broken', 'broken', { body: done });
  const failures = [];
  await awaitResult('/results/x.json', ({ failed }) => failures.push(failed), signal);
  assert.deepEqual(failures, [0, 1, 2, 3]);
});

test('a document that stays missing is gone', async () => {
  const { asked } = serve({ status: 404 });
  await assert.rejects(awaitResult('/results/x.json', () => {}, signal), { state: 'deleted' });
  assert.equal(asked(), 3);
});

test('a crowded service is asked again, not before it says', async () => {
  const photo = new Blob(['x'], { type: 'image/jpeg' });
  const { pauses } = serve({ status: 429, headers: { 'retry-after': '7' } }, { status: 201, body: { id: 'a' } });
  assert.equal((await openTicket(photo, signal)).id, 'a');
  assert.ok(pauses.length === 1 && pauses[0] >= 7000, pauses.join());
});

test('a refusal is final, in the words for its code', async () => {
  const photo = new Blob(['x'], { type: 'image/jpeg' });
  const { asked } = serve({ status: 413, body: { code: 'photo_too_large', detail: 'too large' } });
  await assert.rejects(openTicket(photo, signal), { state: 'rejected', detail: 'too large' });
  assert.equal(asked(), 1);
});

test('what is already taken back counts as taken back', async () => {
  serve('broken', { status: 404 });
  await takeBack({ id: 'a', delete_token: 'b' });
});
