/** The visit: a photo is chosen, prepared, sent, judged and shown. Each step is in its own module. */

import { meet } from './album.js';
import { awaitResult, drawing, friendBook, judgeBox, lookEarly, openTicket, sendPhoto, takeBack } from './api.js';
import { boxTool, inPixels } from './box.js';
import { forget, forgetOld, keep, keepLine, keepWaiting, recall, recallLine, WAITING } from './keep.js';
import { showKnown } from './known.js';
import { prepare } from './photo.js';
import { showResult } from './result.js';
import { closesShare, openShare } from './share.js';
import { byId, focus, getState, setProgress, setState, setStatus, showConnection, showEnding, showNext, showPhoto } from './view.js';
import { Ending, words } from './words.js';

const QUEUE_NOTICE_MS = 6000;
const FAILED_POLLS = 3; // in a row, before the page says that it cannot reach the server
const BUSY = ['preparing', 'uploading', 'judging'];
const SHARED = 'shared'; // as worker.js names it

/**
 * A visit.
 * @typedef {object} Visit
 * @property {(signal: AbortSignal) => Promise<Blob>} [picture] where the picture comes from; a visit from elsewhere has none
 * @property {Blob} [photo] what is sent of it
 * @property {object} [ticket] its ticket, once there is one
 * @property {boolean} [sent] whether the photo has arrived
 * @property {boolean} [isDrawing] whether the picture is one of the page's own
 * @property {import('./api.js').Done} [result] once there is one
 * @property {import('./card.js').Card} [card] what there is to post
 * @property {boolean} [kept] whether what is shown lies on the server, too
 * @property {(current: any, signal: AbortSignal) => Promise<object>} [work] what is being done, or was last
 * @property {AbortController} [stop]
 */

/** The visit under way; null when idle. @type {Visit|null} */
let visit = null;

/** Pictures that were chosen together with the visit's and have not been looked at. */
let line = [];

/**
 * Starts over with a picture, unless one is on its way already.
 * @param {(signal: AbortSignal) => Promise<Blob>} picture asked again when a visit that never got it is tried again
 * @param {{isDrawing?: boolean}} [what]
 */
function choose(picture, { isDrawing = false } = {}) {
  if (BUSY.includes(getState())) return;
  visit?.stop.abort();
  visit = { picture, isDrawing };
  showPhoto(null);
  run(visit);
}

/** Starts over with the first of the visitor's files, if there are any; the others wait. */
function chooseFiles(files) {
  if (BUSY.includes(getState()) || files.length === 0) return;
  line = [...files];
  next();
}

/** What was chosen but is no file: the address of a picture, as other pages give it. */
function refuseAddress() {
  if (BUSY.includes(getState())) return;
  leave();
  end(new Ending('rejected', words.address), null);
}

/** The next picture of those that wait. */
function next() {
  const file = line.shift();
  keepLine(line);
  choose(async () => file);
}

/**
 * Takes a visit from where it is to its end.
 * @param {Visit} current
 * @param {(current: Visit, signal: AbortSignal) => Promise<object>} work returns the `done` document
 */
async function run(current, work = judge) {
  current.stop = new AbortController();
  current.work = work;
  const { signal } = current.stop;
  try {
    const asked = friendBook();
    const result = await work(current, signal);
    // A visit that began without a connection asks again when it has one.
    const friends = (await asked).size ? await asked : await friendBook();
    current.card = showResult(result, friends, current.photo, current.ticket);
    signal.throwIfAborted();
    current.kept = Boolean(result.id);
    if (current.kept) {
      current.result = result;
      keep(current);
    }
    if (current.picture && !current.isDrawing) meet(matches(result));
    setStatus(words.done);
    enterDone();
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Ending)) console.error(error);
    end(error instanceof Ending ? error : new Ending('failed', words.unknownError), current);
  } finally {
    if (visit === current) forget(WAITING);
  }
}

/** The Friends whom a result names for certain. */
const matches = ({ faces }) => faces.flatMap(({ verdict }) => (verdict.kind === 'match' ? [verdict.friend] : []));

/** Shows an end that is not a verdict. One without a ticket has no address, so that the browser's history keeps it. */
function end(ending, current) {
  const { state, say, detail } = ending;
  if (!current?.ticket) goTo(withoutId(), { ending: { state, say, detail } });
  showNext(line.length);
  showEnding(ending, Boolean(current?.picture));
}

/** Prepares, sends and waits, as far as that has not been done; returns the `done` document. */
async function judge(current, signal) {
  if (current.picture && !current.photo) {
    enter('preparing', words.preparing);
    focus('status');
    const picture = await current.picture(signal);
    signal.throwIfAborted();
    showPhoto(picture);
    current.photo = await prepare(picture);
    signal.throwIfAborted();
    showPhoto(current.photo);
  }
  if (!current.ticket) {
    enter('preparing', navigator.onLine === false ? words.waitingForLine : words.ticket);
    if (navigator.onLine === false) {
      await keepWaiting(current.photo);
      goTo(withoutId(), { isWaiting: true });
    }
    current.ticket = await openTicket(current.photo, signal);
    await keep(current);
    goTo(addressOf(current.ticket.id));
  }
  if (current.photo && !current.sent) {
    enter('uploading', words.uploading);
    setProgress(0);
    const early = await sendAndLook(current, signal);
    current.sent = true;
    keep(current);
    if (early) return early;
  }
  // Without a connection, what the device has kept is all there is.
  if (current.result && navigator.onLine === false) return current.result;
  enter('judging', words.judging);
  return awaitResult(current.ticket.result_url, saySoFar, signal);
}

/** Sends the photo. Returns the `done` document where it is there as soon as the photo, which is the rule; else null. */
async function sendAndLook({ ticket, photo }, signal) {
  let looking = null;
  const sent = new Promise((resolve, reject) => {
    const onSent = () => {
      enter('judging', words.judging);
      looking ??= lookEarly(ticket.result_url, signal);
      // The server's answer to the upload may come after the result.
      looking.then((result) => result && resolve(result), reject);
    };
    sendPhoto(ticket.upload, photo, { onProgress: setProgress, onSent }, signal).then(() => resolve(null), reject);
  });
  return await sent ?? await looking;
}

/** Says how the waiting goes: whether the server answers, that others come first, how long it can last at most. */
function saySoFar({ failed, waited, left }) {
  if (navigator.onLine === false) return void setStatus(words.offlineResult);
  if (failed >= FAILED_POLLS) setStatus(words.unreachable);
  else if (failed === 0) setStatus(waited < QUEUE_NOTICE_MS ? words.judging : words.queued);
  if (waited < QUEUE_NOTICE_MS) return;
  setProgress(waited / (waited + left), words.atMost(Math.ceil(left / 60_000)));
}

function enter(state, say) {
  setState(state);
  setStatus(say);
  setProgress(null);
}

/** Goes on in the browser's history: a step back leads to what was shown before, but not to a photo that has gone since. */
function goTo(address, state = null) {
  if (history.state?.isWaiting) history.replaceState(state, '', address);
  else history.pushState(state, '', address);
}

const addressOf = (id) => `#r=${id}`;
const withoutId = () => location.pathname + location.search;
const idInAddress = () => /^#r=([\w-]+)$/.exec(location.hash)?.[1];

/** Shows what the address names: a visit that this device or another one began, or the start. */
async function followAddress() {
  const id = idInAddress();
  if (id && id === visit?.ticket?.id) return;
  leave();
  if (!id) {
    const ending = history.state?.ending;
    if (!ending) return start();
    showNext(line.length);
    return showEnding(new Ending(ending.state, ending.say, ending), false);
  }
  enter('judging', words.judging);
  const stop = new AbortController();
  const arriving = { ticket: { result_url: `/results/${id}.json`, id }, stop };
  visit = arriving;
  const kept = await recall(id);
  if (stop.signal.aborted) return undefined;
  if (kept) Object.assign(arriving, kept, kept.photo && { picture: async () => kept.photo });
  showPhoto(kept?.photo ?? null);
  return run(arriving);
}

/** Goes on with a photo that waited for a connection when the page was closed, if there is one. */
async function goOn() {
  const kept = await recall(WAITING);
  if (!kept || visit || getState() !== 'idle') return;
  visit = { picture: async () => kept.photo, photo: kept.photo };
  showPhoto(kept.photo);
  run(visit);
}

/** Leaves the visit as it is: it can be come back to. */
function leave() {
  visit?.stop.abort();
  visit = null;
  showPhoto(null);
}

/** The start, ready for a photo. */
function start() {
  setStatus(null);
  setState('idle');
  showKnown();
  focus('library');
}

/** Back to the start; the address says so too. */
function startOver() {
  leave();
  line = [];
  keepLine(line);
  forget(WAITING);
  if (idInAddress() || history.state) goTo(withoutId());
  start();
}

/** Shows the result and what can be done with it. */
function enterDone() {
  showNext(line.length);
  setState('done');
  byId('forget').hidden = !visit.ticket.delete_token;
  byId('box').hidden = !visit.photo;
  focus('result-title');
}

const tool = boxTool(byId('tool'), byId('drawn'), judgeDrawn);

/** Lets the visitor say where to look. */
function drawBox() {
  tool.begin();
  setState('drawing');
  focus('drawn');
}

/** Judges what the visitor has put the box on. The photo goes once more, and is not kept. */
function judgeDrawn() {
  const { naturalWidth, naturalHeight } = byId('photo');
  const box = inPixels(tool.box(), { width: naturalWidth, height: naturalHeight });
  run(visit, (current, signal) => {
    enter('judging', words.judging);
    return judgeBox(current.photo, box, signal);
  });
}

/**
 * Stops a visit and takes it back; that the server may not hear of it is no reason to stay. Where only a drawn box is judged, the result
 * from before is shown again.
 */
function cancel() {
  const ticket = visit?.ticket;
  if (ticket && visit.work !== judge) {
    visit.stop.abort();
    run(visit);
    return;
  }
  startOver();
  if (!ticket) return;
  forget(ticket.id);
  if (ticket.delete_token) takeBack(ticket).catch(() => {});
}

/** Deletes the result that is shown, here and on the server, and says so. */
async function deleteResult() {
  const { ticket } = visit;
  const button = byId('forget');
  button.disabled = true;
  try {
    await takeBack(ticket, visit.stop.signal);
    await forget(ticket.id);
    leave();
    showNext(line.length);
    history.replaceState(null, '', location.pathname + location.search);
    showEnding(new Ending('deleted', words.deleted), false);
  } catch (error) {
    if (error instanceof Ending) setStatus(error.say);
  } finally {
    button.disabled = false;
  }
}

for (const id of ['library', 'camera']) {
  const input = byId(id);
  input.addEventListener('change', () => {
    chooseFiles([...input.files]);
    input.value = ''; // so that the same photo can be chosen again
  });
}

for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-demo]'))) {
  button.addEventListener('click', () => choose((signal) => drawing(button.dataset.demo, signal), { isDrawing: true }));
}

/** The pictures among dropped or pasted things; where there is none, whatever else was meant to be one. */
function pictures(transfer) {
  const files = [...(transfer?.files ?? [])];
  const like = files.filter((file) => !file.type || file.type.startsWith('image/'));
  return like.length ? like : files.slice(0, 1);
}

addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('dragging');
});
addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) document.body.classList.remove('dragging');
});
/** Takes what was dropped or pasted. */
function take(transfer) {
  const files = pictures(transfer);
  if (files.length) chooseFiles(files);
  else if (/^\s*(https?|data|blob):\S+/i.test(transfer?.getData('text') ?? '')) refuseAddress();
}

addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('dragging');
  take(event.dataTransfer);
});
addEventListener('paste', (event) => take(event.clipboardData));

byId('cancel').addEventListener('click', cancel);
byId('forget').addEventListener('click', deleteResult);
byId('make-card').addEventListener('click', () => {
  const chosen = [...document.querySelectorAll('.face-box')].findIndex((box) => box.getAttribute('aria-pressed') === 'true');
  openShare(visit.card, visit.photo, visit.kept && visit.ticket.delete_token ? visit.ticket : null, chosen < 0 ? undefined : chosen);
});
byId('box').addEventListener('click', drawBox);
byId('judge-drawn').addEventListener('click', judgeDrawn);
byId('leave-drawn').addEventListener('click', enterDone);
byId('again').addEventListener('click', () => {
  // What is shown stays until the next photo is chosen.
  if (line.length) next();
  else byId('library').click();
});
byId('home').addEventListener('click', (event) => {
  event.preventDefault();
  startOver();
});
byId('retry').addEventListener('click', () => {
  if (!visit) return;
  if (visit.work !== judge) return void run(visit, visit.work);
  if (visit.ticket) forget(visit.ticket.id);
  Object.assign(visit, { ticket: null, sent: false });
  run(visit);
});

addEventListener('online', () => showConnection(true));
addEventListener('offline', () => showConnection(false));
addEventListener('popstate', () => {
  if (!closesShare()) followAddress();
});
showConnection(navigator.onLine !== false);
forgetOld();
begin();
navigator.serviceWorker?.register('worker.js');

/** Shows what the address or the history names, or goes on with a photo that came before the page did. */
async function begin() {
  if (!idInAddress() && !history.state?.ending) setState('idle');
  showKnown();
  line = await recallLine();
  const isHere = idInAddress() || history.state?.ending;
  if (isHere) return followAddress();
  const handedOver = await pictureFromElsewhere();
  if (handedOver) return chooseFiles([handedOver]);
  await goOn();
  if (getState() === 'idle' && line.length) next();
  // The shortcut of the installed page; a camera opens only when the visitor presses.
  if (getState() === 'idle' && new URLSearchParams(location.search).has('camera')) focus('camera');
  return undefined;
}

/** The picture that another app has shared with this one, which the worker took in (worker.js). */
async function pictureFromElsewhere() {
  if (!new URLSearchParams(location.search).has('shared')) return null;
  history.replaceState(null, '', location.pathname);
  try {
    const cache = await caches.open(SHARED);
    const answer = await cache.match(SHARED);
    await cache.delete(SHARED);
    return answer ? await answer.blob() : null;
  } catch {
    return null;
  }
}

// A picture that was opened with this app.
/** @type {any} */ (window).launchQueue?.setConsumer(async ({ files }) => {
  chooseFiles(await Promise.all(files.map((file) => file.getFile())));
});
