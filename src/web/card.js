/** A picture to post, drawn on this device: who it is, in the Friend's colour, with our drawing or with the visitor's photo. */

import { readableOn } from './color.js';
import { inLanguage } from './view.js';

/** Width and height in pixels: upright for feeds, wide for links. */
export const SHAPES = { upright: [1080, 1350], wide: [1200, 630] };

const FONT = '"Hiragino Maru Gothic ProN", "Hiragino Sans", "BIZ UDPGothic", "Noto Sans JP", "Noto Sans CJK JP", system-ui, sans-serif';
const NOBODY = '#8d9a6b';
const PAPER = '#fffdf7';
const INK = '#33261a';
const PORTRAITS = 6; // more are not told apart any more
const LINE_HEIGHT = 1.25;
const SMALLEST_SHARE = 0.6; // of its size that a line may shrink to before it is broken
const MOST_LINES = 3;
const SMALLEST_STAMP = 12; // pixels of the card, so that it can be tapped

/**
 * @typedef {object} Card
 * @property {import('./words.js').Words} title who it is
 * @property {object[]} friends those named, from `friendBook`; none for an unknown
 * @property {import('./words.js').Words} [line] a line of character
 * @property {Face[]} faces where the faces are on the photo
 * @property {Blob} [photo] only when the visitor wants it on the card
 */

/**
 * @typedef {object} Face
 * @property {{x: number, y: number, width: number, height: number}} box in pixels of the upright photo
 * @property {any} [friend] who it is, from `friendBook`
 * @property {boolean} [isCovered] whether a stamp lies on it
 */

/**
 * Where a face is on a card, in the card's pixels: the circle around its box.
 * @typedef {{x: number, y: number, radius: number}} Place
 */

/**
 * Draws a card.
 * @param {Card} card
 * @param {'upright'|'wide'} shape
 * @returns {Promise<{canvas: HTMLCanvasElement, places: Place[]}>} the picture, and where the faces are on it, one for one
 */
export async function drawCard(card, shape) {
  const [width, height] = SHAPES[shape];
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d', { alpha: false });
  const pictures = card.photo
    ? [{ image: await createImageBitmap(card.photo), color: card.friends[0]?.color ?? NOBODY, stamps: await Promise.all(card.faces.map(stamp)) }]
    : await Promise.all(card.friends.slice(0, PORTRAITS).map(portrait));
  let places = [];

  ground(context, width, height, card.friends[0]?.color ?? NOBODY, shape);
  const margin = 60;
  if (shape === 'upright') {
    places = frame(context, { x: margin, y: margin, width: width - 2 * margin, height: 800 }, pictures);
    say(context, card, { x: margin, y: 900, width: width - 2 * margin });
  } else {
    const side = height - 2 * margin;
    places = frame(context, { x: margin, y: margin, width: side, height: side }, pictures);
    say(context, card, { x: 2 * margin + side, y: 2 * margin, width: width - 3 * margin - side });
  }
  text(context, 'フレンズ判定器  Friends Judge', { x: width - margin, y: height - 28, size: 26, align: 'right', color: INK });
  return { canvas, places };
}

/**
 * What lies on a face: the drawing of its Friend, a smile where it is nobody; nothing where it is not covered.
 * @param {Face} face
 */
async function stamp({ box, friend, isCovered }) {
  return { box, isCovered, picture: friend && isCovered ? await portrait(friend) : { color: NOBODY } };
}

/** Our drawing of a Friend; their colour where there is none. */
async function portrait(friend) {
  try {
    const answer = await fetch(`friends/${friend.slug}.jpg`);
    if (!answer.ok) throw new Error(`${answer.status}`);
    return { image: await createImageBitmap(await answer.blob()), color: friend.color };
  } catch {
    return { color: friend.color, letter: inLanguage(friend).slice(0, 1) };
  }
}

/** The Friend's colour, which fades to where the words stand, and two hills. */
function ground(context, width, height, color, shape) {
  const sky = shape === 'wide' ? context.createLinearGradient(0, 0, 0.55 * width, 0) : context.createLinearGradient(0, 0, 0, 0.8 * height);
  sky.addColorStop(0, color);
  sky.addColorStop(1, '#fdeecb');
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);
  const disc = (x, y, radius, fill) => {
    context.fillStyle = fill;
    context.beginPath();
    context.ellipse(x, y, radius * 2.2, radius, 0, 0, 2 * Math.PI);
    context.fill();
  };
  disc(width * 0.2, height * 1.16, height * 0.26, '#e3c27a');
  disc(width * 0.85, height * 1.2, height * 0.28, '#c9b866');
}

/**
 * Pictures side by side in a white frame: each in a cell of its own, cut to fill it; a question mark where there are none.
 * @returns {Place[]} of the faces on the first one
 */
function frame(context, area, pictures) {
  context.fillStyle = PAPER;
  context.beginPath();
  context.roundRect(area.x, area.y, area.width, area.height, 48);
  context.fill();
  const inner = { x: area.x + 18, y: area.y + 18, width: area.width - 36, height: area.height - 36 };
  context.save();
  context.beginPath();
  context.roundRect(inner.x, inner.y, inner.width, inner.height, 34);
  context.clip();
  const cells = pictures.length ? pictures : [{ color: NOBODY, letter: '?' }];
  const columns = Math.ceil(Math.sqrt(cells.length));
  const rows = Math.ceil(cells.length / columns);
  const places = cells.map((picture, i) => {
    const row = Math.floor(i / columns);
    const inRow = row === rows - 1 ? cells.length - columns * (rows - 1) : columns;
    const [width, height] = [inner.width / inRow, inner.height / rows];
    return cell(context, { x: inner.x + (i % columns) * width, y: inner.y + row * height, width, height }, picture);
  });
  context.restore();
  return places[0];
}

/** @returns {Place[]} of the faces on the picture */
function cell(context, { x, y, width, height }, { image, color, letter, stamps = [] }) {
  if (!image) {
    context.fillStyle = color;
    context.fillRect(x, y, width, height);
    text(context, letter, { x: x + width / 2, y: y + height * 0.7, size: height * 0.6, align: 'center', color: readableOn(color) });
    return [];
  }
  const scale = Math.max(width / image.width, height / image.height);
  const [w, h] = [width / scale, height / scale];
  // What is cut off goes from the bottom: heads are above.
  const [left, top] = [(image.width - w) / 2, (image.height - h) / 4];
  context.drawImage(image, left, top, w, h, x, y, width, height);
  return stamps.map(({ box, isCovered, picture }) => {
    const place = {
      x: x + (box.x + box.width / 2 - left) * scale,
      y: y + (box.y + box.height / 2 - top) * scale,
      // The circle through the corners of the box leaves no pixel of it uncovered.
      radius: Math.max(SMALLEST_STAMP, (Math.hypot(box.width, box.height) / 2) * scale + 1),
    };
    if (isCovered) cover(context, place, picture);
    return place;
  });
}

/** An opaque disc over a face: a drawing, or a smile. */
function cover(context, { x, y, radius }, { image, color }) {
  context.save();
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = color;
  context.fill();
  context.clip();
  if (image) {
    const side = Math.min(image.width, image.height);
    const inner = radius * 0.92; // inside a ring of the Friend's colour, so that it is seen to be a stamp
    context.beginPath();
    context.arc(x, y, inner, 0, 2 * Math.PI);
    context.clip();
    context.drawImage(image, (image.width - side) / 2, 0, side, side, x - inner, y - inner, 2 * inner, 2 * inner);
  } else {
    context.strokeStyle = context.fillStyle = readableOn(color);
    context.lineWidth = radius / 8;
    context.lineCap = 'round';
    for (const side of [-1, 1]) {
      context.beginPath();
      context.arc(x + side * radius * 0.35, y - radius * 0.2, radius / 9, 0, 2 * Math.PI);
      context.fill();
    }
    context.beginPath();
    context.arc(x, y + radius * 0.05, radius * 0.45, 0.15 * Math.PI, 0.85 * Math.PI);
    context.stroke();
  }
  context.restore();
}

/**
 * Writes who it is from the top of the area: the visitor's language large, the other one below, then the line of character.
 * @param {CanvasRenderingContext2D} context
 * @param {Card} card
 * @param {{x: number, y: number, width: number}} area
 */
function say(context, { title, line }, { x, y, width }) {
  let below = y;
  const put = (words, size, gap) => {
    const weight = size > 60 ? 700 : 500;
    const { lines, fits } = broken(context, words, { size, width, weight });
    for (const line of lines) {
      below += text(context, line, { x, y: below + fits, size: fits, width, color: INK, weight }) * LINE_HEIGHT;
    }
    below += gap - fits * (LINE_HEIGHT - 1);
  };
  const other = ({ ja, en }) => (inLanguage({ ja, en }) === ja ? en : ja);
  put(inLanguage(title), 92, 30);
  put(other(title), 40, 44);
  if (line) {
    put(inLanguage(line), 36, 16);
    put(other(line), 28, 0);
  }
}

/** Text in as few lines as its size allows, and that size: where one line would be too small, up to three of them share the words. */
function broken(context, words, { size, width, weight }) {
  const set = (px) => { context.font = `${weight} ${px}px ${FONT}`; };
  set(size);
  const alone = Math.min(size, (size * width) / context.measureText(words).width);
  if (alone >= size * SMALLEST_SHARE) return { lines: [words], fits: alone };
  const fits = size * SMALLEST_SHARE;
  set(fits);
  const lines = [''];
  const names = words.split(/(?<=[\s、と])/);
  // Without a name's end to break at: Japanese may break between words that no space divides.
  const parts = names.length > 1 ? names : [...new Intl.Segmenter('ja', { granularity: 'word' }).segment(words)].map(({ segment }) => segment);
  for (const segment of parts) {
    const isFull = context.measureText((lines.at(-1) + segment).trimEnd()).width > width;
    if (isFull && lines.length < MOST_LINES) lines.push(segment.trimStart());
    else lines[lines.length - 1] += segment;
  }
  return { lines, fits };
}

/** One line of text, as large as `size` and as it fits; returns the size that it got. */
function text(context, words, { x, y, size, width = Infinity, align = 'left', color, weight = 700 }) {
  const set = (px) => { context.font = `${weight} ${px}px ${FONT}`; };
  set(size);
  const fits = Math.min(size, (size * width) / context.measureText(words).width);
  set(fits);
  context.textAlign = align;
  context.fillStyle = color;
  context.fillText(words, x, y - (size - fits));
  return fits;
}
