/** The Friends whom the judge knows, on the start page: our drawing of each, or their colour where there is none. */

import { friendBook } from './api.js';
import { paint } from './color.js';
import { bilingual, inLanguage, make } from './view.js';

/** Shows them, once the service has said who they are. */
export async function showKnown() {
  const friends = [...(await friendBook()).values()];
  const section = document.getElementById('known');
  section.querySelector('ul').replaceChildren(...friends.map(known));
  section.hidden = friends.length === 0;
}

function known(friend) {
  const picture = make('img', { src: `friends/${friend.slug}-small.jpg`, width: '96', height: '96', loading: 'lazy', alt: '' });
  picture.addEventListener('error', () => picture.replaceWith(inLanguage(friend).slice(0, 1)));
  const face = make('div', { class: 'face-of', 'aria-hidden': 'true' }, picture);
  paint(face, friend);
  return make('li', {}, face, ...bilingual(friend));
}
