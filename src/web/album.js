/** The Friends whom a visitor has met, with the day of the first time. Only this device knows of it. */

const KEPT = 'album';

/** @returns {Record<string, string>} by slug, the day of the first time as ISO 8601 has it */
export function met() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {}; // a browser that keeps nothing
  }
}

/** Adds Friends; one who was met before keeps that day. @param {string[]} slugs */
export function meet(slugs) {
  const album = met();
  for (const slug of slugs) album[slug] ??= new Date().toISOString();
  try {
    localStorage.setItem(KEPT, JSON.stringify(album));
  } catch {
    // The visit goes on without.
  }
}

/** Forgets them all. */
export function empty() {
  try {
    localStorage.removeItem(KEPT);
  } catch {
    // There was nothing to forget.
  }
}
