/** A `done` document on the page: boxes on the photo, one card a face, and the small print. */

import { bilingual, make } from './view.js';
import { words } from './words.js';

const SURE_SCORE = 0.9;
const NEUTRAL_COLOR = '#8a7f70';
const MANY_FACES = 4; // from here on, bars stay folded until asked for
const SMALL_BOX = 0.2; // of the photo's width: narrower boxes show their number, and their name when selected

/**
 * Shows the result.
 * @param {object} result the result document (schema 1)
 * @param {Map<string, object>} friends from `friendBook`
 */
export function showResult(result, friends) {
  const faces = result.faces ?? [];
  const nameOf = (slug) => friends.get(slug) ?? { slug, ja: slug, en: '', color: NEUTRAL_COLOR };
  const boxes = faces.map((face, i) => faceBox(face, i, faces.length, result.photo, nameOf));
  const cards = faces.map((face, i) => faceCard(face, i, faces.length, nameOf));
  boxes.forEach((box, i) => box.addEventListener('click', () => select(boxes, cards, i)));

  document.getElementById('boxes').replaceChildren(...boxes);
  document.getElementById('faces').replaceChildren(
    ...(cards.length ? cards : [make('li', { class: 'card' }, ...bilingual(words.noFaces))]),
  );
  document.getElementById('facts').replaceChildren(facts(result));
}

/** Slugs that a verdict names: one for match, two for either, none for none. */
function named(verdict) {
  if (verdict.kind === 'match') return [verdict.friend];
  return verdict.kind === 'either' ? verdict.friends : [];
}

/** A face's value for `data-friend`. */
const friendKey = (verdict) => named(verdict).join('+') || 'none';

/** A numbered box on the photo, which selects its face's card. */
function faceBox(face, index, count, photo, nameOf) {
  const percent = {
    left: (100 * face.box.x) / photo.width,
    top: (100 * face.box.y) / photo.height,
    width: (100 * face.box.width) / photo.width,
    height: (100 * face.box.height) / photo.height,
  };
  const friendsNamed = named(face.verdict).map(nameOf);
  const box = make('button', {
    class: 'face-box',
    type: 'button',
    'data-friend': friendKey(face.verdict),
    'data-region': face.region,
    'aria-controls': `face-${index + 1}`,
    'aria-pressed': 'false',
  }, tag(index, count, friendsNamed));
  const small = count > 1 && percent.width < 100 * SMALL_BOX;
  const high = index % 2 === 1 && !small && percent.top > 16; // every other tag above, clear of its neighbours
  box.classList.toggle('small', small);
  box.classList.toggle('high', high);
  box.classList.toggle('low', !high && percent.top + percent.height > 85); // no room below: inside the box
  const middle = percent.left + percent.width / 2;
  box.dataset.side = middle < 36 ? 'left' : middle > 64 ? 'right' : 'middle';
  for (const [edge, value] of Object.entries(percent)) box.style[edge] = `${value}%`;
  paint(box, friendsNamed[0]);
  return box;
}

/** The number and the name on a box. */
function tag(index, count, friendsNamed) {
  const [first, second] = friendsNamed.length ? friendsNamed : [words.noneTag];
  const name = make('span', { class: 'name' }, first.ja);
  if (second) name.append(words.or.ja, make('wbr'), second.ja);
  const inEnglish = second ? `${first.en} ${words.or.en} ${second.en}` : first.en;
  name.append(make('span', { class: 'unseen', lang: 'en' }, ` ${inEnglish}`));

  const element = make('span', { class: 'tag' });
  if (count > 1) element.append(make('span', { class: 'number' }, String(index + 1)), ' ');
  element.append(name);
  return element;
}

/** Marks one face on the photo and takes the visitor to its card. */
function select(boxes, cards, index) {
  boxes.forEach((box, i) => box.setAttribute('aria-pressed', String(i === index)));
  cards.forEach((card, i) => card.classList.toggle('selected', i === index));
  cards[index].querySelector('details').open = true;
  cards[index].querySelector('.verdict').focus({ preventScroll: true });
  cards[index].scrollIntoView({ block: 'nearest' });
}

/** Everything about one face. */
function faceCard(face, index, count, nameOf) {
  const friendsNamed = named(face.verdict).map(nameOf);
  const card = make('li', { class: 'card face', id: `face-${index + 1}`, 'data-friend': friendKey(face.verdict) },
    verdictHeading(face, index, count, friendsNamed));
  for (const note of notes(face)) card.append(make('p', {}, ...bilingual(note)));
  card.append(bars(face.scores, count < MANY_FACES, nameOf));
  paint(card, friendsNamed[0]);
  return card;
}

function verdictHeading(face, index, count, friendsNamed) {
  const heading = make('h3', { class: 'verdict', tabindex: '-1' });
  if (count > 1) heading.append(make('span', { class: 'number' }, String(index + 1)), ' ');
  if (friendsNamed.length === 0) {
    heading.append(...bilingual(words.none));
  } else if (friendsNamed.length === 1) {
    const [friend] = friendsNamed;
    const manner = scoreOf(face, friend.slug) >= SURE_SCORE ? words.surely : words.probably;
    heading.append(`${manner.ja} `, plate(friend), ' ', english(`${manner.en} ${friend.en || friend.slug}`));
  } else {
    const [a, b] = friendsNamed;
    heading.append(plate(a), ` ${words.or.ja} `, plate(b), ` ${words.or.ja}… `,
      english(`${a.en || a.slug} ${words.or.en} ${b.en || b.slug}…`));
  }
  return heading;
}

const english = (text) => make('span', { class: 'en', lang: 'en' }, text);

const scoreOf = (face, slug) => face.scores.find(({ friend }) => friend === slug)?.score ?? 0;

/** A Friend's name on a plate of their colour. */
function plate(friend) {
  const element = make('span', { class: 'plate' }, friend.ja);
  paint(element, friend);
  return element;
}

function notes(face) {
  const said = [];
  if (face.verdict.kind === 'either') said.push(words.eitherNote);
  if (friendKey(face.verdict) === 'none') said.push(words.noneNote(face.scores.length));
  if (face.region === 'photo') said.push(words.wholePhoto);
  if (face.small) said.push(words.smallHead);
  return said;
}

/** A bar for every Friend, highest first as the document has them. */
function bars(scores, open, nameOf) {
  const details = make('details', {},
    make('summary', {}, ...bilingual(words.scores)),
    make('ul', { class: 'bars' }, ...scores.map(({ friend, score }) => bar(nameOf(friend), score))),
    make('p', { class: 'small' }, ...bilingual(words.scoresNote)));
  details.open = open;
  return details;
}

function bar(friend, score) {
  const percent = `${Math.round(score * 100)}%`;
  const fill = make('span', { class: 'fill' });
  fill.style.width = `${score * 100}%`;
  const row = make('li', { class: 'bar', 'data-friend': friend.slug, 'data-score': String(score) },
    make('span', { class: 'who' }, ...bilingual(friend)),
    make('span', { class: 'track', 'aria-hidden': 'true' }, fill),
    make('span', { class: 'value' }, percent));
  paint(row, friend);
  return row;
}

/** Gives an element its Friend's colour, and letters that can be read on it. */
function paint(element, friend) {
  const color = /^#[0-9a-f]{6}$/i.test(friend?.color ?? '') ? friend.color : NEUTRAL_COLOR;
  element.style.setProperty('--friend', color);
  element.style.setProperty('--on-friend', readableOn(color));
}

/** Black or white, whichever contrasts more (WCAG relative luminance; the better one is always over 4.5 : 1). */
function readableOn(color) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = parseInt(color.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? '#000000' : '#ffffff';
}

/** What was missing of the photo, when it went, how long the result stays, and which model judged. */
function facts({ note, photo_deleted_at, expires_at, model }) {
  const list = make('dl');
  const add = (term, ...value) => list.append(make('div', {}, make('dt', {}, ...bilingual(term)), make('dd', {}, ...value)));
  if (note === 'incomplete') add(words.photoState, ...bilingual(words.photoIncomplete));
  if (photo_deleted_at) add(words.photoDeleted, time(photo_deleted_at));
  if (expires_at) add(words.resultKept, time(expires_at));
  if (model) add(words.model, `${model.name} `, make('code', {}, model.sha256.slice(0, 12)));
  return list;
}

function time(iso) {
  const when = new Date(iso).toLocaleString('ja-JP', { dateStyle: 'medium', timeStyle: 'short' });
  return make('time', { datetime: iso }, when);
}
