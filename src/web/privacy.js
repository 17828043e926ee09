/** What the privacy page says of this service in particular: who sees the photo, and whom to write to. */

import { health } from './api.js';
import { bilingual, make } from './view.js';
import { words } from './words.js';

const service = await health();
const { seenBy } = words;
document.getElementById('seen-by').replaceChildren(...bilingual(seenBy[service?.detector] ?? seenBy.unknown));
document.getElementById('contact').replaceChildren(...contact(service));

/** A link to write to whoever runs the service; what to do where they gave no address. */
function contact(service) {
  if (!service) return bilingual(words.seenBy.unknown);
  const address = service.contact;
  if (!address) return bilingual(words.noContact);
  return [make('a', { href: address.startsWith('https://') ? address : `mailto:${address}` }, address)];
}
