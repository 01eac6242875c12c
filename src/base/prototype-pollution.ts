/**
 * A fault elsewhere in a process may let an attacker put properties on `Object.prototype` (CWE-1321), which every object then
 * seems to have: `proxy`, `socketPath`, `ca`. What follows keeps them out of calls. It costs next to nothing while there are none.
 */
const ANY_OBJECT: object = {};

/** Whether there are such properties: those that are enumerable, as whatever is assigned is. */
export function isPolluted(): boolean {
  // oxlint-disable-next-line guard-for-in -- those that are inherited are what is looked for
  for (const _ in ANY_OBJECT) return true;
  return false;
}

/** `tls.connect` has values of its own for these: `undefined` would replace them. */
const DEFAULTED_BY_TLS = new Set(['checkServerIdentity', 'ciphers', 'minDHSize', 'rejectUnauthorized']);

/** Makes what these options for Node only seem to have `undefined`, which to Node is the same as absent, also in copies. */
export function shadowInherited<Options extends object>(options: Options): Options {
  const entries = options as Record<string, unknown>;
  for (const name in ANY_OBJECT) {
    if (!Object.hasOwn(entries, name) && !DEFAULTED_BY_TLS.has(name)) entries[name] = undefined;
  }
  return options;
}

/** The same entries in an object that inherits nothing. */
export function withoutPrototype<Entries extends object>(entries: Entries): Entries {
  return Object.assign(Object.create(null) as Entries, entries);
}

/** Settings as they are or, where they would seem to have more than they do, a copy without prototypes, deep as far as they are plain. */
export function ownSettings<Settings>(settings: Settings): Settings {
  return isPolluted() ? (deepCopy(settings) as Settings) : settings;
}

function deepCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const [name, entry] of Object.entries(value)) copy[name] = deepCopy(entry);
  return copy;
}
