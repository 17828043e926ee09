/** Keeps the page's files for a visitor without a connection. With one, each file comes from the server as it is now. */

const CACHE = 'page';
const SHARED = 'shared'; // as app.js names it
const PATIENCE_MS = 4000; // then what is kept is good enough
const FILES = [
  './', 'privacy.html', 'style.css', 'icon.svg', 'language.js', 'album.js', 'app.js', 'api.js', 'box.js', 'card.js', 'certainty.js', 'color.js', 'feedback.js', 'keep.js',
  'known.js', 'photo.js', 'privacy.js', 'result.js', 'share.js', 'stats.html', 'stats.js', 'view.js', 'words.js',
];
/** Answers of the service, which are not the page's. */
const NOT_OURS = /^\/((api|results|r)\/|stats\.json$)/;

addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => skipWaiting()));
});
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method === 'POST' && address.origin === location.origin && address.pathname === '/shared') {
    event.respondWith(takeIn(request));
    return;
  }
  if (request.method !== 'GET' || address.origin !== location.origin || NOT_OURS.test(address.pathname)) return;
  event.respondWith(answer(request));
});

/** Takes in a picture that another app shares, and opens the page, which looks for it. */
async function takeIn(request) {
  const picture = (await request.formData()).get('photo');
  if (picture) await (await caches.open(SHARED)).put(SHARED, new Response(picture));
  return Response.redirect('/?shared', 303);
}

/** The server's file, which is kept; the kept one where the server does not answer. */
async function answer(request) {
  const cache = await caches.open(CACHE);
  const asking = fetch(request);
  const fresh = asking.then((response) => {
    if (response.ok) cache.put(withoutQuery(request), response.clone());
    return response;
  });
  const kept = () => cache.match(withoutQuery(request));
  const late = new Promise((resolve) => { setTimeout(resolve, PATIENCE_MS); });
  try {
    return await Promise.race([fresh, late.then(kept)]) ?? await fresh;
  } catch {
    return await kept() ?? Response.error();
  }
}

/** A page is the same in every language. */
const withoutQuery = (request) => request.url.split('?')[0];
