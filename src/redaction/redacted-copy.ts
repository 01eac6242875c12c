import { types } from 'node:util';
import type { OnSecret } from './credentials.js';
import { redactStack, withoutSecrets } from './known-secrets.js';
import { DEFAULT_RULES, REDACTED, type RedactionRules } from './rules.js';
import { COUNTING, redactText } from './text.js';
import { redactUrl } from './url.js';
import {
  className,
  dataOf,
  isError,
  isFlatPairs,
  isMachine,
  isPair,
  isPlain,
  nameOf,
  NAMING,
  shellOf,
  textOf,
  toldName,
  VALUE,
} from './values.js';

/** What is a secret in a value, and how much of the value is shown. */
export interface CopyOptions {
  readonly rules?: RedactionRules;
  /** Secrets themselves, the longest first: see `knownSecrets`. */
  readonly secrets?: readonly string[];
  /**
   * What stands for a value whose name tells that it is a secret.
   * @param copied makes the copy that would stand there, were it none
   * @default REDACTED, but for what says nothing, as an empty text or whether there is a session
   */
  readonly replaced?: (value: unknown, name: string, copied: () => unknown) => unknown;
  /**
   * Whether objects of classes show what is in them, rather than the name of their class.
   * @default true
   */
  readonly opensInstances?: boolean;
  /** Told of secrets that are found in texts. */
  readonly onSecret?: OnSecret;
  /**
   * How deep it goes.
   * @default 12
   */
  readonly maxDepth?: number;
  /**
   * How many objects are copied at most.
   * @default 5_000
   */
  readonly maxObjects?: number;
}

export interface RedactedCopy {
  readonly value: unknown;
  /** Whether anything was replaced or left out. */
  readonly changed: boolean;
}

/**
 * A copy of any value, to be shown: everything that prints, logs or stores values of others goes through it. Never throws, calls no getters
 * and no methods of what it copies, and does not change it.
 *
 * What is a secret is told by
 * - names: of properties, entries of Maps, Headers and FormData, and in the forms `{ name, value }`, `[name, value]` and
 *   `[name, value, name, value]`
 * - forms of texts, wherever they are: see `redactText`; texts that are JSON are looked into as values
 * - the known secrets
 *
 * Objects of classes become plain ones that print under the same name, errors become errors without their class. Bytes, functions, streams,
 * sockets and the like become a text that says what they are, and so does whatever lies too deep.
 */
export function redactedCopy(value: unknown, options: CopyOptions = {}): RedactedCopy {
  const copier = new Copier(options);
  return { value: copier.copy(value, 0), changed: copier.changed };
}

/** As codes, methods and names are. It has no form of a secret, and no secret is that short a word: `isDistinctive`. */
const PLAIN_WORD = /^(?:[A-Za-z]{1,19}|[A-Z_]{1,19})$/;

/** A text as a copy has it. */
export function redactedText(text: string, options: CopyOptions = {}): string {
  if (PLAIN_WORD.test(text)) return text;
  const { rules = DEFAULT_RULES, secrets = [], onSecret } = options;
  return withoutSecrets(redactedJson(text, options) ?? redactText(text, rules, onSecret), secrets);
}

/** @returns undefined where it is no JSON */
function redactedJson(text: string, options: CopyOptions): string | undefined {
  if (!/^\s*[[{]/.test(text) || !/[\]}]\s*$/.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { value: copy, changed } = redactedCopy(value, { ...options, secrets: [] });
  return changed ? JSON.stringify(copy) : text;
}

const MAX_DEPTH = 12;
const MAX_OBJECTS = 5_000;

class Copier {
  changed = false;
  readonly #options: CopyOptions;
  readonly #rules: RedactionRules;
  /** What is being copied. */
  readonly #open = new Set<object>();
  /** Original → copy, so that what is there twice is copied once. */
  readonly #copies = new Map<object, unknown>();
  #objects = 0;

  constructor(options: CopyOptions) {
    this.#options = options;
    this.#rules = options.rules ?? DEFAULT_RULES;
  }

  copy(value: unknown, depth: number, name = ''): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'function') return this.#function(value);
    if (typeof value === 'symbol') return this.#symbol(value);
    if (typeof value !== 'object' || value === null) return value;
    if (this.#open.has(value)) return '[circular]'; // JSON has no circles
    if (this.#copies.has(value)) return this.#copies.get(value);
    const { maxDepth = MAX_DEPTH, maxObjects = MAX_OBJECTS } = this.#options;
    try {
      if (depth > maxDepth || ++this.#objects > maxObjects) return this.#opaque(`[${className(value)}]`);
      return this.#object(value, depth, name);
    } catch {
      return this.#opaque('[unreadable]'); // a proxy that is revoked, or has traps that throw
    }
  }

  text(text: string): string {
    return this.#changedTo(redactedText(text, this.#options), text);
  }

  #object(value: object, depth: number, name: string): unknown {
    const { opensInstances = true } = this.#options;
    if (Array.isArray(value)) return this.#array(value, depth, name);
    if (isError(value)) return this.#error(value, depth);
    if (types.isDate(value)) return new Date(value.getTime());
    if (types.isRegExp(value)) return this.text(String(value)) === String(value) ? value : REDACTED;
    if (types.isBoxedPrimitive(value)) return this.copy(value.valueOf(), depth, name);
    if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
      return this.#opaque(`[${className(value)}, ${value.byteLength} bytes]`);
    }
    if (value instanceof URL) return this.#changedTo(redactUrl(this.text(value.href), this.#rules), value.href);
    if (value instanceof URLSearchParams) {
      return this.#changedTo(redactUrl(`?${String(value)}`, this.#rules).slice(1), String(value));
    }
    if (value instanceof Map) return this.#map(value, depth);
    if (value instanceof Set)
      return this.#kept(value, new Set(), (copy) => {
        for (const entry of value) copy.add(this.copy(entry, depth + 1));
      });
    if (value instanceof Headers || value instanceof FormData) return this.#pairs([...value.entries()], depth);
    if (isMachine(value)) return this.#opaque(`[${className(value)}]`);
    if (isPlain(value)) return this.#record(value, depth, {});
    const of = className(value);
    return opensInstances ? this.#record(value, depth, shellOf(of)) : this.#opaque(`[${of}]`);
  }

  /** What is in it may lead back to it. */
  #kept<Copy extends object>(value: object, copy: Copy, fill: (copy: Copy) => void): Copy {
    this.#open.add(value);
    fill(copy);
    this.#open.delete(value);
    this.#copies.set(value, copy);
    return copy;
  }

  #array(value: readonly unknown[], depth: number, name: string): unknown {
    return this.#kept(value, [] as unknown[], (copy) => {
      const isFlat = isFlatPairs(value, name, this.#rules);
      for (let index = 0; index < value.length; index++) {
        const entry = value[index];
        const before = isFlat && index % 2 === 1 ? value[index - 1] : undefined;
        if (typeof before === 'string') copy.push(this.#named(before, entry, depth));
        else copy.push(isPair(entry) ? this.#pair(entry, depth + 1) : this.copy(entry, depth + 1));
      }
    });
  }

  #pairs(entries: readonly (readonly [string, unknown])[], depth: number): unknown {
    return entries.map((entry) => this.#pair(entry, depth + 1));
  }

  #pair([name, value]: readonly [string, unknown], depth: number): unknown {
    return [this.text(name), this.#named(name, value, depth)];
  }

  #map(value: ReadonlyMap<unknown, unknown>, depth: number): unknown {
    return this.#kept(value, new Map<unknown, unknown>(), (copy) => {
      for (const [key, entry] of value) {
        const shown = typeof key === 'string' ? this.#named(key, entry, depth) : this.copy(entry, depth + 1);
        copy.set(this.copy(key, depth + 1), shown);
      }
    });
  }

  #record(value: object, depth: number, copy: object): unknown {
    return this.#kept(value, copy, () => this.#fill(copy, value, depth));
  }

  #fill(copy: object, value: object, depth: number, without: ReadonlySet<PropertyKey> = NONE): void {
    const told = toldName(value);
    for (const key of Reflect.ownKeys(value)) {
      const property = Object.getOwnPropertyDescriptor(value, key);
      if (!property || without.has(key)) continue;
      if (!property.enumerable) {
        // Left out. Methods have no data.
        if (typeof property.value !== 'function') this.changed = true;
        continue;
      }
      const entry = 'value' in property ? this.#entry(key, property.value, told, depth) : this.#opaque('[getter]');
      define(copy, typeof key === 'string' ? this.text(key) : key, entry, true);
    }
  }

  #entry(key: PropertyKey, value: unknown, told: string | undefined, depth: number): unknown {
    const name = typeof key === 'symbol' ? (key.description ?? '') : String(key);
    if (told === undefined) return this.#named(name, value, depth);
    if (NAMING.test(name)) return this.copy(value, depth + 1);
    return VALUE.test(name) ? this.#named(told, value, depth) : this.#named(name, value, depth);
  }

  #named(name: string, value: unknown, depth: number): unknown {
    const copied = () => this.copy(value, depth + 1, name);
    if (!this.#rules.isSecretKey(name)) return copied();
    const { replaced = redactedUnless } = this.#options;
    const result = replaced(value, name, copied);
    if (result === REDACTED && value !== REDACTED) this.changed = true;
    return result;
  }

  #error(error: Error, depth: number): Error {
    const copy = new Error(this.text(textOf(error, 'message')));
    return this.#kept(error, copy, () => {
      const name = textOf(error, 'name');
      if (name !== 'Error') define(copy, 'name', name, false);
      define(copy, 'stack', this.#stack(error), false);
      for (const key of ['cause', 'errors']) {
        if (Object.hasOwn(error, key)) define(copy, key, this.copy(dataOf(error, key), depth + 1), false);
      }
      this.#fill(copy, error, depth, OF_ERRORS);
    });
  }

  #stack(error: Error): string {
    const { secrets: _, ...forms } = this.#options;
    const redactForms = (text: string) => redactedText(text, forms);
    return redactStack(textOf(error, 'stack'), textOf(error, 'message'), (text) => this.text(text), redactForms);
  }

  #function(value: object): string {
    if (Object.keys(value).length > 0) this.changed = true;
    return `[function ${nameOf(value) || 'anonymous'}]`;
  }

  #symbol(symbol: symbol): unknown {
    const { description = '' } = symbol;
    return this.text(description) === description ? symbol : REDACTED;
  }

  #opaque(text: string): string {
    this.changed = true;
    return text;
  }

  #changedTo(text: string, from: string): string {
    if (text !== from) this.changed = true;
    return text;
  }
}

const NONE: ReadonlySet<PropertyKey> = new Set();
const OF_ERRORS: ReadonlySet<PropertyKey> = new Set(['message', 'name', 'stack', 'cause', 'errors']);

function redactedUnless(value: unknown, name: string, copied: () => unknown): unknown {
  return saysNothing(value, name) ? copied() : REDACTED;
}

/** Of a value under a secret's name: a number of tokens says nothing, nor whether there is a session. */
function saysNothing(value: unknown, name: string): boolean {
  if (typeof value === 'number' || typeof value === 'bigint') return COUNTING.test(name);
  return typeof value === 'object' ? value === null : typeof value !== 'string' || value === '' || value === REDACTED;
}

function define(target: object, key: PropertyKey, value: unknown, enumerable: boolean): void {
  Object.defineProperty(target, key, { value, enumerable, writable: true, configurable: true });
}
