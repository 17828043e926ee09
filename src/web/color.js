/** A Friend's colour on an element, and letters that can be read on it. */

/** For nobody in particular, and where a bundle has no colour of the form `#rrggbb`. */
export const NEUTRAL_COLOR = '#8a7f70';

/** Gives an element its Friend's colour, and letters that can be read on it. */
export function paint(element, friend) {
  const color = /^#[0-9a-f]{6}$/i.test(friend?.color ?? '') ? friend.color : NEUTRAL_COLOR;
  element.style.setProperty('--friend', color);
  element.style.setProperty('--on-friend', readableOn(color));
}

/** Black or white, whichever contrasts more (WCAG relative luminance; the better one is always over 4.5 : 1). */
export function readableOn(color) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = parseInt(color.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? '#000000' : '#ffffff';
}
