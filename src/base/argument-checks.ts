/** @param what the function and the argument, as `gather: signal` */
export function wrongKind(what: string, expected: string, value: unknown): TypeError {
  const got = value === null ? 'null' : typeof value === 'string' ? JSON.stringify(value) : typeof value;
  return new TypeError(`${what}: expected ${expected}, got ${got}`);
}

/** Of whichever library or realm. */
export function isAbortSignal(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value;
}

/** Of whichever copy of the package. */
export function isClock(value: unknown): boolean {
  return typeof (value as { setTimeout?: unknown } | null)?.setTimeout === 'function';
}

/** What an error says that somebody gave: numbers and short texts as they are, anything else by its kind. */
export function describeValue(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  switch (typeof value) {
    case 'string':
      // A URL may carry a password before its @.
      return value.includes('@') ? 'a string' : JSON.stringify(value);
    case 'number':
    case 'boolean':
      return String(value);
    case 'bigint':
      return `${value}n`;
    case 'object':
      return value === null ? 'null' : 'an object';
    default:
      return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`;
  }
}

/** Whether a value comes later: also as a promise of another realm, or of a library. */
export function isThenable<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}
