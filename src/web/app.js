/** The visit: a photo is chosen, prepared, sent, judged and shown. Each step is in its own module. */

import { awaitResult, drawing, friendBook, openTicket, sendPhoto } from './api.js';
import { prepare } from './photo.js';
import { showResult } from './result.js';
import { focus, getState, setProgress, setState, setStatus, showConnection, showEnding, showPhoto } from './view.js';
import { Ending, words } from './words.js';

const QUEUE_NOTICE_MS = 6000;
const BUSY = ['preparing', 'uploading', 'judging'];

/** The visit under way: where its picture comes from, what is sent of it, and its way to stop. Null when idle. */
let visit = null;

/**
 * Starts over with a picture, unless one is on its way already.
 * @param {() => Promise<Blob>} picture asked again when a visit that never got it is tried again
 */
function choose(picture) {
  if (BUSY.includes(getState())) return;
  visit?.stop.abort();
  visit = { picture, photo: null, stop: null };
  showPhoto(null);
  run(visit);
}

/** Starts over with a file of the visitor's, if there is one. */
const chooseFile = (file) => file && choose(async () => file);

/** Takes a visit from where it is to its end. A retry comes here again with the prepared photo. */
async function run(current) {
  current.stop = new AbortController();
  const { signal } = current.stop;
  try {
    current.result = await judge(current, signal);
    showResult(current.result, await current.friends);
    signal.throwIfAborted();
    setStatus(words.done);
    setState('done');
    focus('result-title');
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Ending)) console.error(error);
    showEnding(error instanceof Ending ? error : new Ending('failed', words.unknownError));
  }
}

/** Prepares, sends and waits; returns the `done` document. */
async function judge(current, signal) {
  enter('preparing', words.preparing);
  focus('status');
  current.friends = friendBook();
  if (!current.photo) {
    const picture = await current.picture(signal);
    signal.throwIfAborted();
    showPhoto(picture);
    const photo = await prepare(picture);
    signal.throwIfAborted();
    current.photo = photo;
    showPhoto(photo);
  }

  setStatus(words.ticket);
  const ticket = await openTicket(current.photo, signal);

  enter('uploading', words.uploading);
  setProgress(0);
  await sendPhoto(ticket.upload, current.photo, setProgress, signal);

  enter('judging', words.judging);
  let queued = false;
  return awaitResult(ticket.result_url, (waited) => {
    if (queued || waited < QUEUE_NOTICE_MS) return;
    queued = true;
    setStatus(words.queued);
  }, signal);
}

function enter(state, say) {
  setState(state);
  setStatus(say);
  setProgress(null);
}

/** Back to the start, ready for another photo. */
function reset() {
  visit?.stop.abort();
  visit = null;
  showPhoto(null);
  setStatus(null);
  setState('idle');
  focus('library');
}

for (const id of ['library', 'camera']) {
  const input = document.getElementById(id);
  input.addEventListener('change', () => {
    const [file] = input.files;
    chooseFile(file);
    input.value = ''; // so that the same photo can be chosen again
  });
}

for (const button of document.querySelectorAll('[data-demo]')) {
  button.addEventListener('click', () => choose((signal) => drawing(button.dataset.demo, signal)));
}

/** The first picture among dropped or pasted things. */
const firstPicture = (transfer) => [...(transfer?.files ?? [])].find((file) => !file.type || file.type.startsWith('image/'))
  ?? transfer?.files?.[0];

addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('dragging');
});
addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) document.body.classList.remove('dragging');
});
addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('dragging');
  chooseFile(firstPicture(event.dataTransfer));
});
addEventListener('paste', (event) => chooseFile(firstPicture(event.clipboardData)));

document.getElementById('cancel').addEventListener('click', reset);
document.getElementById('again').addEventListener('click', () => {
  reset();
  document.getElementById('library').click();
});
document.getElementById('retry').addEventListener('click', () => visit && run(visit));

addEventListener('online', () => showConnection(true));
addEventListener('offline', () => showConnection(false));
showConnection(navigator.onLine !== false);
setState('idle');
