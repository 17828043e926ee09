/** The Friends whom the judge knows, on the start page; those whom the visitor has met have a day and a card. */

import { empty, met } from './album.js';
import { friendBook } from './api.js';
import { paint } from './color.js';
import { openShare } from './share.js';
import { bilingual, byId, inLanguage, make } from './view.js';
import { words } from './words.js';

/** Shows them, once the service has said who they are. */
export async function showKnown() {
  const friends = [...(await friendBook()).values()];
  const album = met();
  byId('known').querySelector('ul').replaceChildren(...friends.map((friend) => known(friend, album[friend.slug])));
  byId('known').hidden = friends.length === 0;
  const count = friends.filter(({ slug }) => album[slug]).length;
  byId('album').hidden = count === 0;
  byId('album').classList.toggle('complete', count > 0 && count === friends.length);
  const said = count === friends.length ? words.album.all : words.album.met(count, friends.length);
  byId('album-met').replaceChildren(...bilingual(said), ' ', ...bilingual(words.album.note));
}

/** A Friend; with `day`, one whom the visitor has met: pressing shows the card. */
function known(friend, day) {
  const picture = make('img', { src: `friends/${friend.slug}-small.jpg`, width: '96', height: '96', loading: 'lazy', alt: '' });
  picture.addEventListener('error', () => picture.replaceWith(inLanguage(friend).slice(0, 1)));
  const face = make('span', { class: 'face-of', 'aria-hidden': 'true' }, picture);
  paint(face, friend);
  if (!day) return make('li', {}, face, ...bilingual(friend));
  const when = (locale) => new Date(day).toLocaleDateString(locale, { dateStyle: 'medium' });
  const button = make('button', { class: 'met', type: 'button', 'data-met': friend.slug }, face, ...bilingual(friend),
    make('time', { class: 'small', datetime: day }, ...bilingual({ ja: when('ja-JP'), en: when('en-GB') })),
    make('span', { class: 'unseen' }, ...bilingual(words.album.card)));
  button.addEventListener('click', () => openShare({ title: friend, line: friend.line, friends: [friend], faces: [] }, undefined, null));
  return make('li', {}, button);
}

byId('empty-album').addEventListener('click', () => {
  empty();
  showKnown();
  byId('library').focus({ preventScroll: true });
});
