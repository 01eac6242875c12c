/**
 * A fault elsewhere in a process may let an attacker put properties on `Object.prototype` (CWE-1321), which every object then
 * seems to have: `proxy`, `socketPath`, `ca`. What follows keeps them out of calls. It costs next to nothing while there are none.
 */
const ANY_OBJECT: Readonly<Record<string, unknown>> = {};

/**
 * Whether there are such properties: any that is enumerable, as whatever is assigned is, and otherwise those that tell Node
 * or axios where a call goes, what it carries and who is believed. To ask for the names of all takes a hundred times as long.
 */
export function isPolluted(): boolean {
  // oxlint-disable-next-line guard-for-in -- those that are inherited are what is looked for
  for (const _ in ANY_OBJECT) return true;
  return isAnyDefined(ANY_OBJECT);
}

/** Written out, as a loop over their names takes a hundred times as long. */
function isAnyDefined(o: Readonly<Record<string, unknown>>): boolean {
  const value =
    o['agent'] ??
    o['auth'] ??
    o['baseURL'] ??
    o['beforeRedirect'] ??
    o['cancelToken'] ??
    o['createConnection'] ??
    o['data'] ??
    o['defaultPort'] ??
    o['headers'] ??
    o['host'] ??
    o['httpAgent'] ??
    o['httpsAgent'] ??
    o['insecureHTTPParser'] ??
    o['maxContentLength'] ??
    o['maxHeaderSize'] ??
    o['params'] ??
    o['port'] ??
    o['protocol'] ??
    o['proxy'] ??
    o['resilience'] ??
    o['responseEncoding'] ??
    o['responseType'] ??
    o['setHost'] ??
    o['signal'] ??
    o['socketPath'] ??
    o['timeouts'] ??
    o['transport'] ??
    o['url'] ??
    o['validateStatus'];
  return value !== undefined;
}

/** What every object inherits by the language's own rules. */
const OF_THE_LANGUAGE = new Set([
  'constructor',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
  'toLocaleString',
  'toString',
  'valueOf',
  '__proto__',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  '__lookupSetter__',
]);

/** Everything that somebody has put on `Object.prototype`. */
function inheritedNames(): string[] {
  return Object.getOwnPropertyNames(Object.prototype).filter((name) => !OF_THE_LANGUAGE.has(name));
}

function isReadOnly(name: string): boolean {
  const property = Object.getOwnPropertyDescriptor(Object.prototype, name);
  return property?.writable !== true && !property?.set;
}

/** `tls.connect` has values of its own for these: `undefined` would replace them. */
const DEFAULTED_BY_TLS = new Set(['checkServerIdentity', 'ciphers', 'minDHSize', 'rejectUnauthorized']);

/** Makes what these options for Node only seem to have `undefined`, which to Node is the same as absent, also in copies. */
export function shadowInherited<Options extends object>(options: Options): Options {
  for (const name of inheritedNames()) {
    if (Object.hasOwn(options, name) || DEFAULTED_BY_TLS.has(name)) continue;
    if (isReadOnly(name)) continue; // Node copies options by assignment, which would throw
    Object.assign(options, { [name]: undefined });
  }
  return options;
}

/**
 * The same entries in an object that inherits nothing, as axios's own configs do. V8 treats one from `Object.create(null)` as a dictionary;
 * made this way it remains a struct, whose entries are read sooner.
 */
export function withoutPrototype<Entries extends object>(entries: Entries): Entries {
  return Object.assign(Object.setPrototypeOf({}, null) as Entries, entries);
}

/** Options as they are or, where they would seem to have more than they do, such a copy. For what is read once: it takes its time to see anything. */
export function ownOptions<Options>(options: Options): Options {
  return inheritedNames().length > 0 ? (deepCopy(options) as Options) : options;
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
