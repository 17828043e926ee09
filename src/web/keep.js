/** What this device keeps of a visit, so that a reload loses nothing: its ticket, photo and result, for a day at most. */

const DATABASE = 'friends-judge';
const STORE = 'visits';
const LIFETIME_MS = 24 * 60 * 60_000;

/**
 * @typedef {object} Kept
 * @property {object} ticket as `openTicket` gave it
 * @property {Blob} photo
 * @property {boolean} sent whether the photo has arrived
 * @property {import('./api.js').Done} [result] once there is one
 * @property {boolean} [isDrawing] whether the picture is one of the page's own
 * @property {number} at when it was kept (milliseconds since 1970)
 */

/** The name of the photo that waits for a connection, before it has a ticket. */
export const WAITING = 'waiting';

/** Keeps a photo that has no ticket yet. */
export const keepWaiting = (photo) => attempt('readwrite', (store) => store.put({ photo, at: Date.now() }, WAITING));

/** The name of the pictures that were chosen together and wait for their turn. */
const LINE = 'line';

/** Keeps the pictures that wait for their turn. */
export const keepLine = (pictures) => attempt('readwrite',
  (store) => (pictures.length ? store.put({ pictures, at: Date.now() }, LINE) : store.delete(LINE)));

/** @returns {Promise<Blob[]>} the pictures that wait for their turn */
export const recallLine = async () => /** @type {any} */ (await recall(LINE))?.pictures ?? [];

/**
 * Keeps a visit under its ticket's id. Where the device keeps nothing, the visit goes on without.
 * @param {{ticket?: object, photo?: Blob, sent?: boolean, result?: object, isDrawing?: boolean}} visit
 */
export const keep = ({ ticket, photo, sent = false, result, isDrawing }) => attempt('readwrite',
  (store) => store.put({ ticket, photo, sent, result, isDrawing, at: Date.now() }, /** @type {any} */ (ticket).id));

/** @returns {Promise<Kept|undefined>} */
export const recall = (id) => attempt('readonly', (store) => store.get(id));

export const forget = (id) => attempt('readwrite', (store) => store.delete(id));

/** Forgets the visits that are past their day. */
export const forgetOld = () => attempt('readwrite', (store) => {
  const cursor = store.openCursor();
  cursor.onsuccess = () => {
    if (!cursor.result) return;
    if (!(cursor.result.value.at > Date.now() - LIFETIME_MS)) cursor.result.delete();
    cursor.result.continue();
  };
  return cursor;
});

/** Runs `use` on the store; undefined where there is none, in a private window for instance. */
async function attempt(mode, use) {
  try {
    const database = await opened();
    try {
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction(STORE, mode);
        const request = use(transaction.objectStore(STORE));
        transaction.oncomplete = () => resolve(request.result ?? undefined);
        transaction.onabort = () => reject(transaction.error);
      });
    } finally {
      database.close();
    }
  } catch (error) {
    console.warn('this device keeps nothing', error);
    return undefined;
  }
}

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
