/** What happens to a photo on the visitor's own device: recognise it, redraw it upright, smaller, without metadata. */

import { Ending, words } from './words.js';

const MAX_UPLOAD_BYTES = 15 * 1024 * 1024;
const SIDE = 1280; // the longer side of what is sent
const SHORT_SIDE = 640; // long pictures keep more, so that their faces stay large enough…
const MAX_SIDE = 4096; // …up to here
const MIN_SIDE = 16; // the service sees nothing in smaller pictures
const JPEG_QUALITY = 0.85;

/** An ISO base media file, HEIC mostly. */
const CONTAINER = 'image/heif';

const SENDABLE = ['image/jpeg', 'image/png', 'image/webp', 'image/gif'];

/**
 * The media type that a file's first bytes show, or null for anything unknown.
 * @param {Uint8Array} head at least the first 12 bytes
 */
export function sniff(head) {
  const text = String.fromCharCode(...head.slice(0, 12));
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'image/gif';
  if (text.startsWith('RIFF') && text.endsWith('WEBP')) return 'image/webp';
  // HEIC, AVIF and others share a container; whether the browser can decode it decides, so no list of brands is needed.
  return text.slice(4, 8) === 'ftyp' ? CONTAINER : null;
}

/**
 * Makes a photo ready to send: redrawn as an upright JPEG of 1280 px at most (long pictures: see `shrunk`), which leaves EXIF and
 * GPS behind.
 * Where the browser cannot redraw it, the original goes, provided that the server can read its type.
 * @param {Blob} file
 * @returns {Promise<Blob>} the bytes to send; its `type` is what they are
 * @throws {Ending} rejected: not a photo that can be sent
 */
export async function prepare(file) {
  const type = sniff(await firstBytes(file));
  if (file.type.startsWith('video/')) throw new Ending('rejected', words.errors.unsupported_media_type);
  // What the service does not read, the browser may: BMP, AVIF, SVG.
  const blob = (await redraw(file)) ?? new Blob([file], { type: type ?? '' });
  if (blob.type === CONTAINER) throw new Ending('rejected', words.reasons.heic);
  if (!SENDABLE.includes(blob.type)) throw new Ending('rejected', words.errors.unsupported_media_type);
  if (blob.size > MAX_UPLOAD_BYTES) throw new Ending('rejected', words.errors.photo_too_large);
  return blob;
}

async function firstBytes(file) {
  try {
    const bytes = new Uint8Array(await file.slice(0, 12).arrayBuffer());
    if (bytes.length > 0) return bytes;
  } catch {
    // A file that vanished or that the system will not open: the same to the visitor as an empty one.
  }
  throw new Ending('rejected', words.reasons.empty);
}

/** The photo as a fresh JPEG, or null where this browser cannot do it. */
async function redraw(file) {
  if (!canvasIsFaithful()) return null;
  try {
    const source = await decode(file);
    if (Math.min(source.width, source.height) < MIN_SIDE) throw new Ending('rejected', words.reasons.too_small);
    const canvas = document.createElement('canvas');
    Object.assign(canvas, shrunk(source));
    const context = canvas.getContext('2d', { alpha: false });
    context.fillStyle = '#fff'; // behind transparent pictures
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingQuality = 'high';
    context.drawImage(source, 0, 0, canvas.width, canvas.height);
    if ('close' in source) source.close();
    return await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', JPEG_QUALITY));
  } catch (error) {
    if (error instanceof Ending) throw error;
    return null;
  }
}

/**
 * The size in which a picture is sent: the longer side 1280 px, or more where the shorter one would fall under 640 px, up to 4096 px,
 * or more where the shorter one would fall under what is judged; never enlarged.
 * @param {{width: number, height: number}} size in pixels
 * @returns {{width: number, height: number}}
 */
export function shrunk({ width, height }) {
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  const most = Math.max(MAX_SIDE / long, MIN_SIDE / short);
  const scale = Math.min(1, Math.max(SIDE / long, SHORT_SIDE / short), most);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** The photo's pixels, upright; an <img> does it where createImageBitmap cannot. */
async function decode(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch {
    const image = new Image();
    image.src = URL.createObjectURL(file);
    try {
      await image.decode();
      return image;
    } finally {
      URL.revokeObjectURL(image.src);
    }
  }
}

/** Privacy modes of some browsers hand back noise instead of what was drawn; a photo must not go through that. */
function canvasIsFaithful() {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 4;
  const context = canvas.getContext('2d');
  if (!context) return false;
  const drawn = [200, 100, 50];
  context.fillStyle = `rgb(${drawn})`;
  context.fillRect(0, 0, 4, 4);
  const { data } = context.getImageData(0, 0, 4, 4);
  return data.every((value, i) => i % 4 === 3 || Math.abs(value - drawn[i % 4]) <= 3);
}
