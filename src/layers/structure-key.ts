/** Deeper structures are rare, or turn in circles. */
const MAX_DEPTH = 5;
const NONE: ReadonlySet<string> = new Set();

/** A netstring: it says itself where it ends. */
export function text(value: string): string {
  return `${value.length}:${value}`;
}

/** Strings for values, the same for two values only if they are alike. */
export interface StructureKeys {
  /**
   * Every part of it says itself where it ends, so that keys can be joined.
   * @returns undefined for what cannot be compared: an instance of a class other than Date and URLSearchParams, a symbol, or what is
   * nested too deep. Functions are compared by identity.
   */
  readonly keyOf: (value: unknown) => string | undefined;
  /** The same for an object, of whichever class, by its entries. Those that are undefined count as absent. */
  readonly keyOfObject: (object: Readonly<Record<string, unknown>>, skipped: ReadonlySet<string>) => string | undefined;
}

export function structureKeys(): StructureKeys {
  const functions = new WeakMap<object, number>();
  let lastFunction = 0;

  function ofFunction(value: object): string {
    let id = functions.get(value);
    if (id === undefined) functions.set(value, (id = ++lastFunction));
    return `f${id};`;
  }

  function ofValue(value: unknown, depth: number): string | undefined {
    if (typeof value === 'string') return text(value);
    if (value === undefined) return '-';
    if (typeof value === 'function') return ofFunction(value);
    if (typeof value === 'symbol') return undefined;
    if (typeof value !== 'object' || value === null)
      return `${typeof value}=${value as number | boolean | bigint | null};`;
    if (depth === MAX_DEPTH) return undefined;
    if (Array.isArray(value)) return ofList(value, depth + 1);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      return ofObject(value as Record<string, unknown>, NONE, depth + 1);
    }
    if (prototype === Date.prototype) return `d${(value as Date).getTime()};`;
    if (prototype === URLSearchParams.prototype) return `u${text((value as URLSearchParams).toString())}`;
    return undefined;
  }

  function ofList(values: readonly unknown[], depth: number): string | undefined {
    let key = '[';
    for (const value of values) {
      const part = ofValue(value, depth);
      if (part === undefined) return undefined;
      key += part;
    }
    return `${key}]`;
  }

  function ofObject(
    object: Readonly<Record<string, unknown>>,
    skipped: ReadonlySet<string>,
    depth: number,
  ): string | undefined {
    let key = '{';
    for (const name of Object.keys(object)) {
      const value = object[name];
      if (value === undefined || skipped.has(name)) continue;
      const part = ofValue(value, depth);
      if (part === undefined) return undefined;
      key += text(name) + part;
    }
    return `${key}}`;
  }

  return {
    keyOf: (value) => ofValue(value, 0),
    keyOfObject: (object, skipped) => ofObject(object, skipped, 0),
  };
}
