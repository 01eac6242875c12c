import { byId, fromTemplate } from './dom.js';
import { patch } from './patch.js';

const MAX_ENTRIES = 200;
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** The newest first. */
export function eventLog() {
  const list = byId('log');
  const empty = byId('log-empty');
  return {
    /** @param {{ at?: string, kind: string, client?: string, label: string, text: string }} entry */
    add({ at, kind, client = '', label, text }) {
      const entry = fromTemplate('log-entry');
      patch(entry, { at: CLOCK.format(at === undefined ? new Date() : new Date(at)), kind, client, label, text });
      list.prepend(entry);
      empty.hidden = true;
      if (list.childElementCount > MAX_ENTRIES) list.lastElementChild?.remove();
    },
  };
}
