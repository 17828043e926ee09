/** The dialog in which a visitor makes a card and posts it. Nothing leaves the device before they say so. */

import { drawCard } from './card.js';
import { make } from './view.js';
import { words } from './words.js';

const HASHTAG = 'フレンズ判定器';
const POST = 'https://x.com/intent/post';

const byId = (id) => document.getElementById(id);

/** The card that is shown, as a file; null while it is drawn. */
let file = null;
let card = null;
let photo = null;
let drawing = 0;

/**
 * Opens the dialog.
 * @param {import('./card.js').Card} what without a photo
 * @param {Blob|undefined} visitorsPhoto goes onto the card when the visitor ticks it
 */
export function openShare(what, visitorsPhoto) {
  card = what;
  photo = visitorsPhoto;
  byId('with-photo').checked = false;
  byId('with-photo').closest('label').hidden = !photo;
  byId('post').href = `${POST}?${new URLSearchParams({
    text: words.post(card.title).ja,
    hashtags: HASHTAG,
    url: location.origin + location.pathname,
  })}`;
  byId('share').showModal();
  draw();
}

/** Draws the card as the dialog is set. */
async function draw() {
  const turn = ++drawing;
  file = null;
  byId('card').removeAttribute('data-shape');
  const shape = document.querySelector('[name="shape"]:checked').value;
  const blob = await drawCard(byId('with-photo').checked ? { ...card, photo } : card, shape);
  if (turn !== drawing) return;
  file = new File([blob], 'friends-judge.jpg', { type: blob.type });
  const image = byId('card');
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(file);
  image.dataset.shape = shape;
  image.alt = `${card.title.ja} / ${card.title.en}`;
  byId('send').hidden = !navigator.canShare?.({ files: [file] });
}

byId('send').addEventListener('click', async () => {
  try {
    if (file) await navigator.share({ files: [file] }); // files alone: with a text beside them, iOS shares the text
  } catch (error) {
    if (error.name !== 'AbortError') save();
  }
});
byId('save').addEventListener('click', save);
byId('close-share').addEventListener('click', () => byId('share').close());
for (const input of document.querySelectorAll('#share input')) input.addEventListener('change', draw);

function save() {
  if (file) make('a', { href: byId('card').src, download: file.name }).click();
}
