/** How sure a verdict may be, by how often held-out pictures of such a score were right: the bundle's bands. */

const SURE_SHARE = 0.9; // the share of right pictures from which on a verdict is called almost certain
const SURE_SCORE = 0.9; // the score that stands in for it where no bands are known
const Z = 1.96; // of a 95 % interval

/**
 * The band that a score lies in; the lowest one takes what is below.
 * @param {{from: number, right: number, of: number}[] | undefined} bands from the lowest scores up
 * @param {number} score 0 to 1
 */
export function bandOf(bands, score) {
  return bands?.findLast(({ from }) => score >= from) ?? bands?.[0] ?? null;
}

/** Whether even the lower end of Wilson's interval of the right share says almost certain. */
export function isSure(bands, score) {
  const band = bandOf(bands, score);
  if (!band) return score >= SURE_SCORE;
  const [n, share] = [band.of, band.right / band.of];
  const half = Z * Math.sqrt((share * (1 - share)) / n + (Z * Z) / (4 * n * n));
  return (share + (Z * Z) / (2 * n) - half) / (1 + (Z * Z) / n) >= SURE_SHARE;
}

/** Of ten pictures like this, so many were right; ten only where all were. */
export function ofTen({ right, of }) {
  return right === of ? 10 : Math.min(9, Math.round((10 * right) / of));
}
