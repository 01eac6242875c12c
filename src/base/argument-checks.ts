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
