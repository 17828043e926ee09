/** The service's HTTP API as this page uses it. Every address is relative to the page. */

import { Ending, errorWords, words } from './words.js';

const TRIES = 4;
const RETRY_AFTER_MAX_S = 30; // nobody waits longer for a photo to be taken
const REQUEST_TIMEOUT_MS = 20_000;
const JUDGE_TIMEOUT_MS = 60_000; // the photo goes with it
const HEALTH_TIMEOUT_MS = 8000; // names are nice to have: a verdict does not wait long for them
const STALLED_MS = 45_000; // an upload that moves no byte for so long is broken
/** When the result is looked for after the last byte has left: judging takes a tenth of a second, a round trip may take five. */
const EARLY_MS = [60, 140, 240, 400];
const POLL_FIRST_MS = 300;
const POLL_GROWTH = 1.4;
const POLL_MAX_MS = 3000;
const DEADLINE_GRACE_MS = 5000;
const DEADLINE_FALLBACK_MS = 16 * 60_000;
const MAX_MISSING = 2; // 404s in a row before we believe them
const ENDED_LOOKS = 2; // how often a result is read that does not say yet when its photo was deleted
const ENDED_PAUSE_MS = 100;

const PHOTO_FAULTS = ['photo_too_large', 'photo_too_costly', 'unsupported_media_type', 'photo_rejected'];
const TERMINAL = ['done', 'rejected', 'failed', 'expired'];
/** For what goes on although the visitor leaves. */
const NEVER = new AbortController().signal;
const SET_BY_BROWSER = ['content-length', 'host'];

/** What the service says of itself, once it has; asked once. */
let told = null;
/** Where the device keeps it for a visit without a connection. */
const KEPT = 'service';

/** @typedef {import('../../tests/page/openapi').ResultDocument} ResultDocument */
/** @typedef {Extract<ResultDocument, {status: 'done'}>} Done */

/** @returns {Promise<import('../../tests/page/openapi').Health|null>} what `GET /api/health` answers; null where it does not */
export async function health() {
  if (told) return told;
  try {
    const answer = await request('api/health', { timeout: HEALTH_TIMEOUT_MS });
    if (answer.ok && answer.body) {
      told = answer.body;
      localStorage.setItem(KEPT, JSON.stringify(told));
    }
  } catch {
    // Asked again the next time.
  }
  return told ?? keptHealth();
}

/** What the service said of itself on an earlier visit. */
function keptHealth() {
  try {
    return JSON.parse(localStorage.getItem(KEPT));
  } catch {
    return null; // a browser that keeps nothing
  }
}

/**
 * Every Friend that the running model knows, by slug. Never throws: without it the page shows slugs.
 * @returns {Promise<Map<string, import('../../tests/page/openapi').Label & {bands: import('../../tests/page/openapi').Band[]}>>}
 */
export async function friendBook() {
  const { friends = [], bands } = (await health())?.model ?? {};
  return new Map(friends.map((friend) => [friend.slug, { ...friend, bands }]));
}

/** One of the drawings that come with the page. */
export function drawing(name, signal) {
  return retrying(signal, async () => {
    const answer = await fetch(name, { signal }).catch(() => null);
    signal.throwIfAborted();
    if (!answer?.ok) throw new Ending('failed', words.network, { transient: true });
    return answer.blob();
  });
}

/**
 * Opens a ticket for one photo.
 * @param {Blob} photo
 * @param {AbortSignal} signal
 * @returns {Promise<import('../../tests/page/openapi').Ticket>}
 */
export function openTicket(photo, signal) {
  return retrying(signal, async () => {
    const wanted = { content_type: photo.type, size_bytes: photo.size };
    const answer = await request('api/uploads', { ...json('POST', wanted), signal });
    if (!answer.ok || !answer.body) throw problem(answer);
    return answer.body;
  });
}

/**
 * Sends the photo to its ticket's address, with retries.
 * @param {import('../../tests/page/openapi').Upload} upload
 * @param {Blob} photo
 * @param {{onProgress: (fraction: number) => void, onSent: () => void}} tell how far it is, and that the last byte has left
 * @param {AbortSignal} signal
 */
export function sendPhoto(upload, photo, tell, signal) {
  return retrying(signal, async () => {
    const status = await put(upload, photo, tell, signal);
    if ((status >= 200 && status < 300) || status === 412) return; // 412: an earlier try did arrive
    if (status === 403) throw new Ending('expired', words.ticketExpired);
    // 409: an earlier try is still arriving.
    const transient = status === 0 || status === 409 || status === 429 || status >= 500;
    throw new Ending('failed', transient ? words.network : words.errors.internal, {
      detail: status ? `HTTP ${status}` : '',
      transient,
    });
  });
}

/**
 * Judges one place of a photo at once.
 * @param {Blob} photo
 * @param {{x: number, y: number, width: number, height: number}} box in pixels of the upright photo
 * @param {AbortSignal} signal
 * @returns {Promise<Done>} the `done` document, of which nothing is kept
 */
export function judgeBox(photo, { x, y, width, height }, signal) {
  return retrying(signal, async () => {
    const answer = await request(`api/judge?box=${[x, y, width, height]}`, {
      method: 'POST',
      headers: { 'content-type': photo.type },
      body: photo,
      timeout: JUDGE_TIMEOUT_MS,
      signal,
    });
    if (!answer.ok || !answer.body) throw problem(answer);
    return doneOrThrow(answer.body);
  });
}

/**
 * Says what a visitor thinks of the verdict on one face.
 * @param {import('../../tests/page/openapi').Feedback} opinion
 */
export function sendFeedback(opinion) {
  return retrying(NEVER, async () => {
    const answer = await request('api/feedback', json('POST', opinion));
    if (!answer.ok) throw problem(answer);
  });
}

/**
 * Makes a page of who it is, without the photo.
 * @param {{id: string, delete_token: string}} ticket
 * @returns {Promise<string>} its path
 */
export function sharePage({ id, delete_token }) {
  return retrying(NEVER, async () => {
    const answer = await request('api/share', json('POST', { id, delete_token, site: location.origin }));
    if (!answer.ok || !answer.body) throw problem(answer);
    return answer.body.url;
  });
}

/**
 * Takes a result back: it, its photo and its feedback are gone at once.
 * @param {{id: string, delete_token: string}} ticket
 * @param {AbortSignal} [signal]
 */
export function takeBack({ id, delete_token }, signal = NEVER) {
  return retrying(signal, async () => {
    const answer = await request(`api/results/${id}`, { ...json('DELETE', { delete_token }), signal });
    if (!answer.ok && answer.status !== 404) throw problem(answer); // 404: an earlier try did arrive
  });
}

/**
 * Looks for the result several times in quick succession; no look waits for the answer to the one before.
 * @param {string} resultUrl as the ticket gave it
 * @param {AbortSignal} signal
 * @returns {Promise<Done|null>} the `done` document; null where no look saw the end of the ticket
 * @throws {Ending} for every other end
 */
export async function lookEarly(resultUrl, signal) {
  const stop = new AbortController();
  const cancel = () => stop.abort(signal.reason);
  signal.addEventListener('abort', cancel);
  const looks = EARLY_MS.map(async (ms) => {
    await sleep(ms, stop.signal);
    const { document } = await readResult(resultUrl, stop.signal);
    // One that does not say yet when its photo was deleted is read again a moment later.
    if (!TERMINAL.includes(document?.status) || !document.photo_deleted_at) throw new Error('not yet');
    return document;
  });
  try {
    return doneOrThrow(await Promise.any(looks));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Ending) throw error;
    return null;
  } finally {
    signal.removeEventListener('abort', cancel);
    stop.abort();
  }
}

/**
 * Asks for the result until it is there or its deadline has passed. Broken connections are endured until then.
 * @param {string} resultUrl as the ticket gave it
 * @param {(soFar: {waited: number, left: number, failed: number}) => void} onWaiting called after each answer that is not the last:
 * milliseconds since the start and until the deadline, and how many answers in a row did not come
 * @param {AbortSignal} signal
 * @returns {Promise<Done>} the `done` document
 * @throws {Ending} for every other end
 */
export async function awaitResult(resultUrl, onWaiting, signal) {
  const started = Date.now();
  let deadline = started + DEADLINE_FALLBACK_MS;
  let delay = POLL_FIRST_MS;
  let [missing, failed, ended] = [0, 0, 0];
  for (;;) {
    const answer = await readResult(resultUrl, signal);
    missing = answer.status === 404 ? missing + 1 : 0;
    failed = answer.document || missing ? 0 : failed + 1;
    if (missing > MAX_MISSING) throw new Ending('deleted', words.gone);
    if (TERMINAL.includes(answer.document?.status)) {
      // The photo is deleted a moment after the end. When that was belongs to the answer, but nobody waits long for it.
      ended += 1;
      if (answer.document.photo_deleted_at || ended === ENDED_LOOKS) return doneOrThrow(answer.document);
      await sleep(ENDED_PAUSE_MS, signal);
      continue;
    }
    deadline = answer.deadline ?? deadline;
    if (Date.now() >= deadline) throw new Ending('expired', words.overdue);
    onWaiting({ waited: Date.now() - started, left: deadline - Date.now(), failed });
    await sleep(delay * (0.8 + 0.4 * Math.random()), signal);
    delay = Math.min(delay * POLL_GROWTH, POLL_MAX_MS);
  }
}

/** One look at the result document; what cannot be read is an empty answer. */
async function readResult(resultUrl, signal) {
  try {
    const { ok, status, date, body } = await request(resultUrl.replace(/^\//, ''), { cache: 'no-store', signal });
    return ok && body ? { status, document: body, deadline: localDeadline(body, date) } : { status };
  } catch {
    signal.throwIfAborted();
    return { status: 0 };
  }
}

/** The document's deadline by this device's clock, which may be wrong: so by the time left when the server answered. */
function localDeadline(document, date) {
  const deadline = Date.parse(document.deadline);
  if (Number.isNaN(deadline)) return undefined;
  const serverNow = Date.parse(date) || Date.now();
  return Date.now() + (deadline - serverNow) + DEADLINE_GRACE_MS;
}

/**
 * @param {ResultDocument} document
 * @returns {Done}
 */
function doneOrThrow(document) {
  if (document.status === 'done') return document;
  if (document.status === 'waiting') throw new Ending('failed', words.errors.internal);
  if (document.status === 'expired') throw new Ending('expired', words.overdue);
  const { code, message, reason } = document.error;
  const say = document.status === 'rejected'
    ? errorWords(code ?? 'photo_rejected', message, reason)
    : errorWords(code ?? 'internal', message);
  throw new Ending(document.status, say, { detail: message });
}

/** An `application/problem+json` answer as the end it means. */
function problem({ status, retryAfter, body }) {
  const { code, detail, title, reason } = body ?? {};
  const message = detail ?? title ?? `HTTP ${status}`;
  const state = PHOTO_FAULTS.includes(code) ? 'rejected' : 'failed';
  // A 403 that is not the service's own comes from something on the way.
  const say = status === 403 && !code ? words.blocked : errorWords(code, message, reason);
  return new Ending(state, say, { detail: message, transient: status === 429 || status >= 500, retryAfter });
}

/**
 * One JSON request with a time limit that covers its body too; a connection that breaks is a transient end.
 * @param {string} url
 * @param {RequestInit & {timeout?: number}} [options]
 * @returns {Promise<{ok: boolean, status: number, date: string|null, retryAfter: number, body: any}>} body: null when not
 * JSON; retryAfter: seconds, 0 when the answer names none
 */
async function request(url, { signal, timeout = REQUEST_TIMEOUT_MS, ...options } = {}) {
  const limit = new AbortController();
  const cancel = () => limit.abort();
  const timer = setTimeout(cancel, timeout);
  signal?.addEventListener('abort', cancel);
  try {
    signal?.throwIfAborted();
    const response = await fetch(url, { ...options, signal: limit.signal });
    const text = await response.text();
    const { ok, status, headers } = response;
    const retryAfter = Number(headers.get('retry-after')) || 0;
    return { ok, status, date: headers.get('date'), retryAfter, body: parse(text) };
  } catch {
    signal?.throwIfAborted();
    throw new Ending('failed', words.network, { transient: true });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
  }
}

/** A request with a JSON body. */
const json = (method, body) => ({ method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** One upload by XMLHttpRequest, which alone tells its progress. Resolves to the HTTP status, 0 when it broke. */
function put(upload, photo, { onProgress, onSent }, signal) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    let stalled;
    const alive = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => xhr.abort(), STALLED_MS);
    };
    const cancel = () => xhr.abort();
    xhr.upload.onprogress = (event) => {
      alive();
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    xhr.upload.onload = onSent;
    xhr.onloadend = () => {
      clearTimeout(stalled);
      signal.removeEventListener('abort', cancel);
      if (signal.aborted) reject(signal.reason);
      else resolve(xhr.status);
    };
    xhr.open(upload.method, upload.url);
    for (const [name, value] of Object.entries(upload.headers)) {
      if (!SET_BY_BROWSER.includes(name.toLowerCase())) xhr.setRequestHeader(name, value);
    }
    signal.addEventListener('abort', cancel);
    alive();
    xhr.send(photo);
  });
}

/** Runs `attempt` again, a little later each time and not before it may, while it ends in something transient. */
async function retrying(signal, attempt) {
  for (let tried = 1; ; tried++) {
    signal.throwIfAborted();
    await online(signal);
    try {
      return await attempt();
    } catch (caught) {
      const error = /** @type {Ending} */ (caught);
      if (!error.transient || tried === TRIES) throw error;
      const wanted = Math.min(error.retryAfter || 0, RETRY_AFTER_MAX_S) * 1000;
      await sleep(Math.max(wanted, 400 * 2 ** tried) * (1 + 0.4 * Math.random()), signal);
    }
  }
}

/** Resolves at once when the device has a connection, else when it comes back. */
function online(signal) {
  if (navigator.onLine !== false) return Promise.resolve();
  return new Promise((resolve, reject) => {
    addEventListener('online', resolve, { once: true, signal });
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    const cancelled = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', cancelled);
      resolve();
    }, ms);
    signal.addEventListener('abort', cancelled, { once: true });
  });
}
