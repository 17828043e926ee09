/** The dialog in which a visitor makes a card and posts it. Nothing leaves the device before they say so. */

import { sharePage } from './api.js';
import { drawCard } from './card.js';
import { bilingual, byId, inLanguage, make } from './view.js';
import { Ending, words } from './words.js';

const HASHTAG = 'フレンズ判定器';
const POST = 'https://x.com/intent/post';

/** The card that is shown, as a file; null while it is drawn. */
let file = null;
let card = null;
let photo = null;
let ticket = null;
let drawing = 0;
/** Whether a step back is on its way that a closed dialog has asked for. */
let steppingBack = false;

/**
 * Opens the dialog.
 * @param {import('./card.js').Card} what without a photo
 * @param {Blob|undefined} visitorsPhoto goes onto the card when the visitor ticks it
 * @param {{id: string, delete_token: string}|null} itsTicket for a link; null where there can be none
 */
export function openShare(what, visitorsPhoto, itsTicket) {
  card = what;
  photo = visitorsPhoto;
  ticket = itsTicket;
  byId('link').hidden = !ticket;
  byId('link-made').hidden = true;
  byId('with-photo').checked = false;
  byId('with-photo').closest('label').hidden = !photo;
  offerPost(location.origin + location.pathname + location.search);
  byId('share').showModal();
  history.pushState({ dialog: 'share' }, '');
  draw();
}

/** Whether a step back in the history was meant for the dialog, which is closed then. */
export function closesShare() {
  const isMeant = steppingBack || byId('share').open;
  steppingBack = false;
  byId('share').close();
  return isMeant;
}

/** Begins a post on X with this address in it. */
function offerPost(url) {
  byId('post').href = `${POST}?${new URLSearchParams({ text: inLanguage(words.post(card.title)), hashtags: HASHTAG, url })}`;
}

/** Makes a page to link to, shows its address and copies it. */
async function makeLink() {
  const button = byId('link');
  button.disabled = true;
  try {
    const url = new URL(await sharePage(ticket), location.href).href;
    byId('address').value = url;
    byId('link-made').hidden = false;
    button.hidden = true;
    offerPost(url);
    byId('address').select();
    byId('link-made').querySelector('label').replaceChildren(...bilingual(await copied(url) ? words.linkCopied : words.linkToCopy));
  } catch (error) {
    if (!(error instanceof Ending)) throw error;
    button.replaceChildren(make('span', { role: 'status' }, ...bilingual(error.say)));
  } finally {
    button.disabled = false;
  }
}

/** Whether an address could be copied: not on plain http, and not in every app's browser. */
async function copied(url) {
  try {
    await navigator.clipboard.writeText(url);
    return true;
  } catch {
    return false;
  }
}

/** Draws the card as the dialog is set. */
async function draw() {
  const turn = ++drawing;
  file = null;
  byId('card').removeAttribute('data-shape');
  /** @type {any} */
  const { value: shape } = document.querySelector('[name="shape"]:checked');
  const blob = await drawCard(byId('with-photo').checked ? { ...card, photo } : card, shape);
  if (turn !== drawing) return;
  file = new File([blob], 'friends-judge.jpg', { type: blob.type });
  const image = byId('card');
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(file);
  image.dataset.shape = shape;
  image.alt = inLanguage(card.title);
  byId('send').hidden = !navigator.canShare?.({ files: [file] });
}

byId('send').addEventListener('click', async () => {
  try {
    if (file) await navigator.share({ files: [file] }); // files alone: with a text beside them, iOS shares the text
  } catch (error) {
    if (/** @type {Error} */ (error).name !== 'AbortError') save();
  }
});
byId('save').addEventListener('click', save);
byId('link').addEventListener('click', makeLink);
byId('close-share').addEventListener('click', () => byId('share').close());
byId('share').addEventListener('click', (event) => {
  const { left, right, top, bottom } = byId('share').getBoundingClientRect();
  const isBeside = event.clientX < left || event.clientX > right || event.clientY < top || event.clientY > bottom;
  // A key that presses a button has no place.
  if (event.target === byId('share') && isBeside) byId('share').close();
});
byId('share').addEventListener('close', () => {
  if (history.state?.dialog !== 'share') return;
  steppingBack = true;
  history.back();
});
for (const input of document.querySelectorAll('#share input')) input.addEventListener('change', draw);

function save() {
  if (file) make('a', { href: byId('card').src, download: file.name }).click();
}
