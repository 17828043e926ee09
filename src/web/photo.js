/** What happens to a photo on the visitor's own device: recognise it, redraw it upright, smaller, without metadata. */

import { Ending, words } from './words.js';

const MAX_UPLOAD_BYTES = 15 * 1024 * 1024;
const MAX_SIDE = 2048;
const JPEG_QUALITY = 0.9;

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
 * Makes a photo ready to send: redrawn as an upright JPEG of at most 2048 px a side, which leaves EXIF and GPS behind.
 * Where the browser cannot redraw it, the original goes, provided that the server can read its type.
 * @param {Blob} file
 * @returns {Promise<Blob>} the bytes to send; its `type` is what they are
 * @throws {Ending} rejected: not a photo that can be sent
 */
export async function prepare(file) {
  const type = sniff(await firstBytes(file));
  if (!type || file.type.startsWith('video/')) throw new Ending('rejected', words.errors.unsupported_media_type);
  const blob = (await redraw(file)) ?? new Blob([file], { type });
  if (blob.type === CONTAINER) throw new Ending('rejected', words.heic);
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
  throw new Ending('rejected', words.empty);
}

/** The photo as a fresh JPEG, or null where this browser cannot do it. */
async function redraw(file) {
  if (!canvasIsFaithful()) return null;
  try {
    const source = await decode(file);
    const scale = Math.min(1, MAX_SIDE / Math.max(source.width, source.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(source.width * scale));
    canvas.height = Math.max(1, Math.round(source.height * scale));
    const context = canvas.getContext('2d', { alpha: false });
    context.fillStyle = '#fff'; // behind transparent pictures
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingQuality = 'high';
    context.drawImage(source, 0, 0, canvas.width, canvas.height);
    source.close?.();
    return await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', JPEG_QUALITY));
  } catch {
    return null;
  }
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
