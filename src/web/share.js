/** The dialog in which a visitor makes a card and posts it. Nothing leaves the device before they say so. */

import { sharePage } from './api.js';
import { drawCard } from './card.js';
import { bilingual, byId, inLanguage, make } from './view.js';
import { Ending, words } from './words.js';

const HASHTAG = 'フレンズ判定器';
/** Where a post begins, by the link's id: the address with what is said and the link in it. */
const POSTS = {
  post: (text, url) => `https://x.com/intent/post?${new URLSearchParams({ text, hashtags: HASHTAG, url })}`,
  line: (text, url) => `https://social-plugins.line.me/lineit/share?${new URLSearchParams({ url, text })}`,
  bluesky: (text, url) => `https://bsky.app/intent/compose?${new URLSearchParams({ text: `${text} #${HASHTAG} ${url}` })}`,
  misskey: (text, url) => `https://misskey-hub.net/share/?${new URLSearchParams({ text: `${text} #${HASHTAG}`, url })}`,
};

/** The card that is shown, as a file; null while it is drawn. */
let file = null;
let card = null;
let photo = null;
/** Where the faces are on the card that is shown. @type {import('./card.js').Place[]} */
let places = [];
let ticket = null;
let drawing = 0;
/** Whether a step back is on its way that a closed dialog has asked for. */
let steppingBack = false;
/** What the button says before anything went wrong. */
const linkSays = [...byId('link').childNodes];

/**
 * Opens the dialog.
 * @param {import('./card.js').Card} what without a photo
 * @param {Blob|undefined} visitorsPhoto goes onto the card when the visitor ticks it
 * @param {{id: string, delete_token: string}|null} itsTicket for a link; null where there can be none
 * @param {number} [chosen] the face that the visitor looked at last: the only one that is not covered at first
 */
export function openShare(what, visitorsPhoto, itsTicket, chosen = what.faces.length > 1 ? -1 : 0) {
  card = { ...what, faces: what.faces.map((face, i) => ({ ...face, isCovered: i !== chosen })) };
  photo = visitorsPhoto;
  ticket = itsTicket;
  byId('link').hidden = !ticket;
  byId('link-made').hidden = true;
  byId('with-photo').checked = false;
  byId('with-photo').closest('label').hidden = !photo;
  byId('link').replaceChildren(...linkSays);
  byId('copy-picture').hidden = !navigator.clipboard?.write || typeof ClipboardItem === 'undefined';
  byId('picture-copied').replaceChildren();
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

/** Begins posts with this address in them. */
function offerPost(url) {
  const text = inLanguage(words.post(card.title));
  for (const [id, address] of Object.entries(POSTS)) byId(id).href = address(text, url);
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
  const withPhoto = byId('with-photo').checked;
  showCovers(withPhoto);
  const drawn = await drawCard(withPhoto ? { ...card, photo } : card, shape);
  const blob = await new Promise((resolve) => { drawn.canvas.toBlob(resolve, 'image/jpeg', 0.92); });
  if (turn !== drawing) return;
  places = drawn.places;
  file = new File([blob], 'friends-judge.jpg', { type: blob.type });
  const image = byId('card');
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(file);
  image.dataset.shape = shape;
  image.alt = inLanguage(card.title);
  byId('send').hidden = !navigator.canShare?.({ files: [file] });
}

/** A button for each face of the photo on the card: whether it is covered. */
function showCovers(withPhoto) {
  byId('covers').hidden = !withPhoto || card.faces.length === 0;
  const focused = [...byId('covers').querySelectorAll('button')].indexOf(document.activeElement);
  const buttons = card.faces.map((face, i) => {
    const button = make('button', { class: 'chip', type: 'button', 'aria-pressed': String(face.isCovered) }, ...bilingual(words.face(i + 1)));
    button.addEventListener('click', () => toggle(i));
    return button;
  });
  byId('covers').querySelector('.chips').replaceChildren(...buttons);
  buttons[focused]?.focus({ preventScroll: true });
}

/** Covers a face, or takes the stamp off it. */
function toggle(index) {
  card.faces[index].isCovered = !card.faces[index].isCovered;
  draw();
}

/** A tap on a face of the card. */
byId('card').addEventListener('click', (event) => {
  const { left, top, width } = byId('card').getBoundingClientRect();
  const scale = byId('card').naturalWidth / width;
  const [x, y] = [(event.clientX - left) * scale, (event.clientY - top) * scale];
  const index = places.findIndex((place) => Math.hypot(place.x - x, place.y - y) <= place.radius);
  if (index >= 0) toggle(index);
});

/** Puts the card on the clipboard, where pictures are PNGs. */
async function copyPicture() {
  const say = (what) => byId('picture-copied').replaceChildren(...bilingual(what));
  try {
    const canvas = make('canvas');
    const image = byId('card');
    Object.assign(canvas, { width: image.naturalWidth, height: image.naturalHeight });
    /** @type {any} */ (canvas).getContext('2d').drawImage(image, 0, 0);
    const png = new Promise((resolve) => { /** @type {any} */ (canvas).toBlob(resolve, 'image/png'); });
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': /** @type {Promise<Blob>} */ (png) })]);
    say(words.pictureCopied);
  } catch {
    say(words.pictureNotCopied);
  }
}

byId('copy-picture').addEventListener('click', copyPicture);
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
