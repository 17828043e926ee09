/** What a visitor says of a verdict: right, or who it is instead. One opinion a face, the latest counts. */

import { sendFeedback } from './api.js';
import { bilingual, make } from './view.js';
import { Ending, words } from './words.js';

const CROP_SIDE = 512;

/**
 * The question below a verdict.
 * @param {object} face with its `index`, its `box`, and the Friends it is `named`
 * @param {{ticket: {id: string, delete_token: string}, friends: object[], photo: Blob|undefined}} about the ticket, every Friend that can be said, the photo if it is
 * at hand
 */
export function feedback(face, about) {
  const root = make('div', { class: 'feedback' });
  ask(root, face, about);
  return root;
}

/** Right or wrong? Where two are named, which of them? */
function ask(root, face, about) {
  const right = face.named.length > 1
    ? face.named.map((friend) => chip(friend, () => send(root, face, about, friend.slug, false)))
    : [chip(words.right, () => send(root, face, about, face.named[0]?.slug ?? null, false))];
  root.replaceChildren(make('p', {}, ...bilingual(words.isItRight)),
    make('div', { class: 'chips' }, ...right, chip(words.wrong, () => askWho(root, face, about))));
}

/** Who is it, then? The crop goes along only when the visitor ticks it. */
function askWho(root, face, about) {
  const tick = /** @type {HTMLInputElement} */ (make('input', { type: 'checkbox' }));
  const others = about.friends.filter(({ slug }) => !face.named.some((friend) => friend.slug === slug));
  const say = (slug) => send(root, face, about, slug, tick.checked);
  const chips = others.map((friend) => chip(friend, () => say(friend.slug)));
  if (face.named.length) chips.push(chip(words.none, () => say(null)));
  root.replaceChildren(make('p', {}, ...bilingual(words.whoIsIt)));
  if (about.photo) root.append(make('label', { class: 'tick' }, tick, make('span', {}, ...bilingual(words.withCrop))));
  root.append(make('div', { class: 'chips' }, ...chips));
  chips[0]?.focus({ preventScroll: true });
}

async function send(root, face, about, friend, withCrop) {
  for (const button of root.querySelectorAll('button')) button.disabled = true;
  let said = words.thanks;
  try {
    const crop = withCrop ? await cropOf(about.photo, face.box) : undefined;
    await sendFeedback({ id: about.ticket.id, delete_token: about.ticket.delete_token, face: face.index, friend, crop });
  } catch (error) {
    if (!(error instanceof Ending)) console.error(error);
    said = error instanceof Ending ? error.say : words.unknownError;
  }
  const again = chip(words.sayAgain, () => ask(root, face, about));
  root.replaceChildren(make('p', { role: 'status' }, ...bilingual(said)), make('div', { class: 'chips' }, again));
  again.focus({ preventScroll: true });
}

function chip(say, act) {
  const button = make('button', { class: 'chip', type: 'button' }, ...bilingual(say));
  button.addEventListener('click', act);
  return button;
}

/** The face alone, at most 512 px a side, as base64 of a JPEG. */
async function cropOf(photo, { x, y, width, height }) {
  const scale = Math.min(1, CROP_SIDE / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const image = await createImageBitmap(photo);
  canvas.getContext('2d', { alpha: false }).drawImage(image, x, y, width, height, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/jpeg', 0.85).replace(/^[^,]*,/, '');
}
