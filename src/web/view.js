/** The page's standing parts: its state, the photo, progress and the end that is not a result. */

import { words } from './words.js';

/** What `setStatus` said last: said again, it would be heard again. */
let said = null;

/**
 * An element of the page, whatever it is.
 * @param {string} id
 * @returns {any}
 */
export const byId = (id) => document.getElementById(id);

/**
 * A new element.
 * @param {string} tag
 * @param {Object<string, string>} attributes
 * @param {...(Node|string)} children
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * Words as nodes, in both languages; the style shows the visitor's (language.js).
 * @param {import('./words.js').Words} say
 * @returns {Node[]}
 */
export const bilingual = ({ ja, en }) => [make('span', { lang: 'ja' }, ja), make('span', { lang: 'en' }, en)];

/**
 * Words in the visitor's language, for what holds only one.
 * @param {import('./words.js').Words} say
 */
export const inLanguage = (say) => say[document.documentElement.dataset.language];

/** Enters a state: shows what belongs to it, from its top, and hides the rest. */
export function setState(state) {
  if (state !== getState()) scrollTo({ top: 0, behavior: 'instant' });
  document.body.dataset.state = state;
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-when]'))) {
    element.hidden = !element.dataset.when.split(' ').includes(state);
  }
}

/** The state the page is in. */
export const getState = () => document.body.dataset.state;

/** Says where things stand; screen readers hear it. Null says nothing. */
export function setStatus(say) {
  if (say === said) return;
  said = say;
  byId('status').replaceChildren(...(say ? bilingual(say) : []));
}

/** Shows how far the work is (0 to 1) in percent or in these words, or null for work of unknown length. */
export function setProgress(fraction, say = null) {
  const bar = byId('progress');
  if (fraction === null) {
    bar.removeAttribute('value');
    byId('percent').textContent = '';
  } else {
    const percent = Math.round(fraction * 100);
    bar.value = percent;
    byId('percent').replaceChildren(...(say ? bilingual(say) : [`${percent} %`]));
  }
}

/**
 * Shows a photo from its bytes in place of the one before; null takes it away.
 * @param {Blob|null} blob
 */
export function showPhoto(blob) {
  const image = byId('photo');
  const before = image.src;
  const release = () => before && URL.revokeObjectURL(before);
  image.onload = () => {
    release();
    // The frame takes the photo's shape, so that boxes placed in percent stay on their faces.
    image.parentElement.style.setProperty('--ratio', image.naturalWidth / image.naturalHeight);
    image.parentElement.classList.add('loaded');
  };
  image.onerror = () => {
    release();
    image.parentElement.classList.remove('loaded');
  };
  image.parentElement.classList.remove('blank');
  if (blob) {
    image.src = URL.createObjectURL(blob);
  } else {
    release();
    image.removeAttribute('src');
    image.parentElement.classList.remove('loaded');
  }
}

/** Where the photo is not at hand, boxes stand on an empty frame of its shape. */
export function showFrame({ width, height }) {
  const frame = byId('photo').parentElement;
  if (byId('photo').getAttribute('src')) return;
  frame.style.setProperty('--ratio', width / height);
  frame.classList.add('loaded', 'blank');
}

/**
 * Shows an end other than `done`.
 * @param {import('./words.js').Ending} ending
 * @param {boolean} hasPhoto whether the photo can be sent again
 */
export function showEnding(ending, hasPhoto) {
  setStatus(null);
  byId('ending-title').replaceChildren(...bilingual(words.endings[ending.state]));
  byId('error').replaceChildren(...bilingual(ending.say));
  byId('error-detail').textContent = ending.detail === ending.say.en ? '' : ending.detail;
  setState(ending.state);
  byId('retry').hidden ||= !hasPhoto;
  focus('ending-title');
}

/** Says what the button does that goes on from an end: how many photos wait. */
export function showNext(waiting) {
  byId('again').replaceChildren(...bilingual(waiting ? words.next(waiting) : words.another));
}

/** Says whether the device has a connection. */
export function showConnection(isOnline) {
  byId('offline').replaceChildren(...(isOnline ? [] : bilingual(words.offline)));
}

/** Moves the keyboard's place without scrolling. */
export function focus(id) {
  byId(id).focus({ preventScroll: true });
}
