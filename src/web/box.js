/** The box that a visitor puts on the photo, by finger, mouse or keyboard. Boxes are shares of the photo: 0 to 1, origin top-left. */

const SMALLEST = 0.04;
const STEP = 0.02; // a press of an arrow key
const FIRST = { x: 0.3, y: 0.15, width: 0.4, height: 0.4 };

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** The box moved by a share of the photo, kept inside it. */
export const moved = (box, dx, dy) => ({
  ...box,
  x: clamp(box.x + dx, 0, 1 - box.width),
  y: clamp(box.y + dy, 0, 1 - box.height),
});

/** The box with its lower right corner moved, kept inside the photo and not too small. */
export const resized = (box, dx, dy) => ({
  ...box,
  width: clamp(box.width + dx, Math.min(SMALLEST, 1 - box.x), 1 - box.x),
  height: clamp(box.height + dy, Math.min(SMALLEST, 1 - box.y), 1 - box.y),
});

/** The box between two points, in any order. */
export function between(a, b) {
  const [left, right] = [a.x, b.x].map((x) => clamp(x, 0, 1)).sort((p, q) => p - q);
  const [top, bottom] = [a.y, b.y].map((y) => clamp(y, 0, 1)).sort((p, q) => p - q);
  const corner = { x: Math.min(left, 1 - SMALLEST), y: Math.min(top, 1 - SMALLEST) };
  return { ...corner, width: Math.max(right - left, SMALLEST), height: Math.max(bottom - top, SMALLEST) };
}

/** The box in whole pixels of a photo of this size, as `/api/judge?box=` takes it. */
export function inPixels(box, { width, height }) {
  const [x, y] = [Math.floor(box.x * width), Math.floor(box.y * height)];
  const right = clamp(Math.ceil((box.x + box.width) * width), x + 1, width);
  const bottom = clamp(Math.ceil((box.y + box.height) * height), y + 1, height);
  return { x, y, width: right - x, height: bottom - y };
}

/**
 * Makes the elements of the tool work.
 * @param {HTMLElement} area lies exactly over the photo
 * @param {HTMLElement} element the box in it; its `.handle` sizes it
 * @param {() => void} onEnter called when the visitor presses Enter on the box
 * @returns {{begin: () => void, box: () => object}} puts the box to where it starts; tells where it is
 */
export function boxTool(area, element, onEnter) {
  let box = FIRST;
  let drag = null;

  const show = (next) => {
    box = next;
    element.style.left = `${100 * box.x}%`;
    element.style.top = `${100 * box.y}%`;
    element.style.width = `${100 * box.width}%`;
    element.style.height = `${100 * box.height}%`;
  };
  const at = (event) => {
    const frame = area.getBoundingClientRect();
    return { x: (event.clientX - frame.left) / frame.width, y: (event.clientY - frame.top) / frame.height };
  };
  area.addEventListener('pointerdown', (event) => {
    event.preventDefault();
    area.setPointerCapture(event.pointerId);
    const [from, before] = [at(event), box];
    const apply = /** @type {Element} */ (event.target).closest('.handle') ? resized : event.target === element ? moved : null;
    drag = (to) => show(apply ? apply(before, to.x - from.x, to.y - from.y) : between(from, to));
    element.focus({ preventScroll: true });
  });
  area.addEventListener('pointermove', (event) => drag?.(at(event)));
  for (const end of ['pointerup', 'pointercancel']) area.addEventListener(end, () => { drag = null; });
  element.addEventListener('keydown', (event) => {
    const [dx, dy] = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key] ?? [];
    if (event.key === 'Enter') onEnter();
    if (dx === undefined) return;
    event.preventDefault();
    show(event.shiftKey ? resized(box, dx, dy) : moved(box, dx, dy));
  });
  return { begin: () => show(FIRST), box: () => box };
}
