/** A `done` document on the page: who it is in one line, boxes on the photo, a card a face, and the small print. */

import { bandOf, isSure, ofTen } from './certainty.js';
import { NEUTRAL_COLOR, paint } from './color.js';
import { feedback } from './feedback.js';
import { bilingual, make, showFrame } from './view.js';
import { groupNames, words } from './words.js';

const CLOSE = 0.5; // of a Friend's threshold: from here on an unknown is close enough to name the Friend

/**
 * Shows the result.
 * @param {import('./api.js').Done} result
 * @param {Awaited<ReturnType<import('./api.js').friendBook>>} friends from `friendBook`
 * @param {Blob} [photo] if it is at hand
 * @param {any} [ticket] with its token, on the device that opened it
 * @returns {import('./card.js').Card} what a card says of it
 */
export function showResult(result, friends, photo, ticket) {
  const nameOf = (slug) => friends.get(slug) ?? { slug, ja: slug, en: slug, color: NEUTRAL_COLOR };
  const faces = (result.faces ?? []).map((face, index) => ({ ...face, index, named: named(face.verdict).map(nameOf) }));
  const boxes = faces.map((face) => faceBox(face, faces.length, result.photo));
  // Of what is kept nowhere, nothing can be said back; and only by whoever opened the ticket.
  const ask = (face) => (result.id && ticket?.delete_token && friends.size ? [feedback(face, { ticket, friends: [...friends.values()], photo })] : []);
  const cards = faces.length > 1 ? groupCards(faces, nameOf, ask) : faces.map((face) => singleCard(face, nameOf, ask));
  boxes.forEach((box, i) => box.addEventListener('click', () => select(boxes, i)));

  if (result.photo) showFrame(result.photo);
  document.body.dataset.faces = faces.length > 1 ? 'many' : 'one';
  document.getElementById('result-title').replaceChildren(...headline(faces));
  document.getElementById('result-lines').replaceChildren(...headlineLines(faces, nameOf));
  document.getElementById('boxes').replaceChildren(...boxes);
  document.getElementById('faces').replaceChildren(...cards);
  // Where no face was found, the visitor knows better.
  document.getElementById('box').classList.toggle('primary', !faces.some((face) => face.region !== 'photo'));
  document.getElementById('facts').replaceChildren(facts(result));
  return cardOf(faces, nameOf);
}

/** What a card says of the faces. */
function cardOf(faces, nameOf) {
  const places = faces.map(({ box, named: [friend] }) => ({ box, friend }));
  if (faces.length > 1) {
    const found = foundIn(faces);
    const title = found.length ? groupNames(found, faces.filter((face) => face.named.length === 0).length) : groupWords(faces);
    return { title, friends: faces.flatMap((face) => face.named.slice(0, 1)), faces: places };
  }
  const near = faces.length ? nearest(faces[0], nameOf) : null;
  return {
    title: faces.map(verdictWords)[0] ?? words.noFaces,
    line: near ? near.say : lineOf(faces),
    friends: near ? [near.friend] : faces.flatMap((face) => face.named),
    faces: places,
  };
}

/** The Friends of a group, each once, in the order in which they stand. */
function foundIn(faces) {
  const found = new Map();
  for (const { named: [friend] } of faces) {
    if (friend) found.set(friend.slug, { friend, count: (found.get(friend.slug)?.count ?? 0) + 1 });
  }
  return [...found.values()];
}

/** The line of character of the only Friend that is named. */
const lineOf = (faces) => (faces.length === 1 && faces[0].named.length === 1 ? faces[0].named[0].line : null);

/** Whom an unknown comes nearest to, and how to say so; null for one who is named. */
function nearest({ named: friends, scores: [best] }, nameOf) {
  if (friends.length > 0 || !best) return null;
  const friend = nameOf(best.friend);
  const isClose = best.score >= CLOSE * (friend.threshold ?? 1);
  return { friend, isClose, say: isClose ? words.closest(friend) : words.nearest(friend) };
}

/** The answer in one line: who it is, or how many of a group are Friends. */
function headline(faces) {
  if (faces.length === 0) return bilingual(words.noFaces);
  if (faces.length === 1) return [verdictLine(faces[0], 'span')];
  return bilingual(groupWords(faces));
}

/** How many of a group are Friends. */
function groupWords(faces) {
  const known = faces.filter((face) => face.named.length > 0).length;
  return known ? words.someOf(known, faces.length) : words.noneOf(faces.length);
}

/** Who a face is, and how sure that is. */
function verdictWords(face) {
  const [a, b] = face.named;
  const { or, orSo } = words;
  if (b) return { ja: `${a.ja}${or.ja}${b.ja}${orSo.ja}`, en: `${a.en} ${or.en} ${b.en}${orSo.en}` };
  if (!a) return words.none;
  const manner = mannerOf(face);
  return { ja: `${manner.ja} ${a.ja}`, en: `${manner.en} ${a.en}` };
}

const mannerOf = (face) => (isSure(face.named[0].bands, scoreOf(face, face.named[0].slug)) ? words.surely : words.probably);

/** Below it: a line of the Friend's character, whom an unknown comes nearest to, or the names in a group. */
function headlineLines(faces, nameOf) {
  if (faces.length > 1) {
    const names = faces.flatMap((face) => face.named.slice(0, 1));
    return names.length ? [make('p', { class: 'plates' }, ...names.flatMap((friend) => [plate(friend), ' ']))] : [];
  }
  const near = faces.length ? nearest(faces[0], nameOf) : null;
  if (near) return [make('p', { class: 'near', 'data-friend': near.friend.slug }, ...bilingual(near.say))];
  const line = lineOf(faces);
  return line ? [make('p', {}, ...bilingual(line))] : [];
}

/** Slugs that a verdict names: one for match, two for either, none for none. */
function named(verdict) {
  if (verdict.kind === 'match') return [verdict.friend];
  return verdict.kind === 'either' ? verdict.friends : [];
}

/** A face's value for `data-friend`. */
const friendKey = (face) => face.named.map(({ slug }) => slug).join('+') || 'none';

/** A numbered box on the photo, which selects its face's card. */
function faceBox(face, count, photo) {
  const percent = {
    left: (100 * face.box.x) / photo.width,
    top: (100 * face.box.y) / photo.height,
    width: (100 * face.box.width) / photo.width,
    height: (100 * face.box.height) / photo.height,
  };
  const box = make('button', {
    class: 'face-box',
    type: 'button',
    'data-friend': friendKey(face),
    'data-region': face.region,
    'aria-controls': `face-${face.index + 1}`,
    'aria-pressed': 'false',
  }, tag(face, count));
  box.classList.toggle('low', percent.top + percent.height > 85); // no room below: inside the box
  const middle = percent.left + percent.width / 2;
  box.dataset.side = middle < 36 ? 'left' : middle > 64 ? 'right' : 'middle';
  for (const [edge, value] of Object.entries(percent)) box.style[edge] = `${value}%`;
  paint(box, face.named[0]);
  return box;
}

/** The number on a box of a group, and the name, which a group shows on the selected box alone. */
function tag(face, count) {
  const [first, second] = face.named.length ? face.named : [words.none];
  const name = make('span', { class: 'name' }, ...bilingual(first));
  if (second) name.append(' ', ...bilingual(words.or), ' ', make('wbr'), ...bilingual(second));

  const element = make('span', { class: 'tag' });
  if (count > 1) element.append(number(face), ' ');
  element.append(name);
  return element;
}

const number = (face) => make('span', { class: 'number' }, String(face.index + 1));

/** Marks one face on the photo and takes the visitor to what is said of it. */
function select(boxes, index) {
  boxes.forEach((box, i) => box.setAttribute('aria-pressed', String(i === index)));
  for (const element of document.querySelectorAll('#faces .face')) {
    element.classList.toggle('selected', element.id === `face-${index + 1}`);
  }
  const face = document.getElementById(`face-${index + 1}`);
  const details = face.querySelector('details');
  if (details) details.open = true;
  face.focus({ preventScroll: true });
  face.scrollIntoView({ block: 'nearest' });
}

/** The card of the only face; who it is stands in the headline. */
function singleCard(face, nameOf, ask) {
  return faceElement(face, ...notes(face, nameOf), ...bars(face, nameOf), ...ask(face));
}

/** The cards of a group: Friends first, then one card for all who are none. */
function groupCards(faces, nameOf, ask) {
  const friends = faces.filter((face) => face.named.length > 0);
  const others = faces.filter((face) => face.named.length === 0);
  const cards = friends.map((face) => faceElement(face, verdictLine(face, 'h3'), ...notes(face, nameOf), ...bars(face, nameOf), ...ask(face)));
  if (others.length) {
    const row = others.map((face) => make('span', { class: 'face', id: `face-${face.index + 1}`, tabindex: '-1' }, number(face)));
    cards.push(make('li', { class: 'card others', 'data-friend': 'none' },
      make('h3', { class: 'verdict' }, ...bilingual(words.none)),
      make('p', { class: 'numbers' }, ...row),
      make('p', {}, ...bilingual(words.noneHelp(others[0].scores.length))),
      ...sayBack(others, ask)));
  }
  return cards;
}

/** Of those who are none: whether one is a Friend after all. */
function sayBack(faces, ask) {
  const asked = faces.flatMap((face) => ask(face).map((question) => make('div', {}, make('h4', {}, number(face)), question)));
  return asked.length ? [make('details', {}, make('summary', {}, ...bilingual(words.isOneWrong)), ...asked)] : [];
}

function faceElement(face, ...children) {
  const card = make('li', { class: 'card face', id: `face-${face.index + 1}`, tabindex: '-1', 'data-friend': friendKey(face) },
    ...children);
  paint(card, face.named[0]);
  return card;
}

/** Who a face is, as a heading or as part of one. */
function verdictLine(face, element) {
  const line = make(element, { class: 'verdict' });
  if (element === 'h3') line.append(number(face), ' ');
  const [a, b] = face.named;
  if (b) {
    line.append(plate(a), ' ', ...bilingual(words.or), ' ', plate(b), ' ', ...bilingual(words.orSo));
  } else if (a) {
    line.append(...bilingual(mannerOf(face)), ' ', plate(a));
  } else {
    line.append(...bilingual(words.none));
  }
  return line;
}

const scoreOf = (face, slug) => face.scores.find(({ friend }) => friend === slug)?.score ?? 0;

/** A Friend's name on a plate of their colour. */
function plate(friend) {
  const element = make('span', { class: 'plate' }, ...bilingual(friend));
  paint(element, friend);
  return element;
}

/** What belongs to the verdict besides the name, the chance that it is right first. */
function notes(face, nameOf) {
  const said = [];
  if (face.verdict.kind === 'either') said.push(words.eitherNote);
  const band = bandOfVerdict(face);
  if (band) said.push(words.odds(ofTen(band)));
  if (face.named.length === 0 && !nearest(face, nameOf)?.isClose) said.push(words.noneHelp(face.scores.length));
  if (face.region === 'photo') said.push(words.wholePhoto);
  if (face.small) said.push(words.smallHead);
  return said.map((note) => make('p', {}, ...bilingual(note)));
}

/** A bar for every Friend, highest first as the document has them; none for an unknown that resembles nobody. */
function bars(face, nameOf) {
  if (face.named.length === 0 && !nearest(face, nameOf)?.isClose) return [];
  const band = bandOfVerdict(face);
  return [make('details', {},
    make('summary', {}, ...bilingual(words.scores)),
    make('ul', { class: 'bars' }, ...face.scores.map(({ friend, score }) => bar(nameOf(friend), score))),
    make('p', { class: 'small' }, ...bilingual(words.scoresNote)),
    ...(band ? [make('p', { class: 'small' }, ...bilingual(words.oddsSource(band.of)))] : []))];
}

/** How often pictures of such a score were right, where one Friend is named. */
function bandOfVerdict(face) {
  const [first, second] = face.named;
  return first && !second ? bandOf(first.bands, scoreOf(face, first.slug)) : null;
}

/** A Friend's score from 0 to 100 as a bar, with a line where the name begins. */
function bar(friend, score) {
  const fill = make('span', { class: 'fill' });
  fill.style.width = `${score * 100}%`;
  const track = make('span', { class: 'track', 'aria-hidden': 'true' }, fill);
  if (friend.threshold) {
    const mark = make('span', { class: 'mark' });
    mark.style.left = `${friend.threshold * 100}%`;
    track.append(mark);
  }
  const row = make('li', { class: 'bar', 'data-friend': friend.slug, 'data-score': String(score) },
    make('span', { class: 'who' }, ...bilingual(friend)), track, make('span', { class: 'value' }, String(Math.round(score * 100))));
  paint(row, friend);
  return row;
}

/**
 * What was missing of the photo, when it went, how long the result stays, and which model judged.
 * @param {import('./api.js').Done} result
 */
function facts({ note, photo_deleted_at, expires_at, model }) {
  const list = make('dl');
  const add = (term, ...value) => list.append(make('div', {}, make('dt', {}, ...bilingual(term)), make('dd', {}, ...value)));
  if (note === 'incomplete') add(words.photoState, ...bilingual(words.photoIncomplete));
  if (photo_deleted_at) add(words.photoDeleted, ...time(photo_deleted_at));
  if (expires_at) add(words.resultKept, ...time(expires_at));
  if (model) add(words.model, `${model.name} `, make('code', {}, model.sha256.slice(0, 12)));
  return list;
}

function time(iso) {
  const written = (locale) => new Date(iso).toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' });
  return [make('time', { datetime: iso }, ...bilingual({ ja: written('ja-JP'), en: written('en-GB') }))];
}
