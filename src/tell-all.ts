/** Calls every listener, also where one of them throws: what the others hold must be given back. The last error is thrown. */
export function tellAll<T>(listeners: readonly ((value: T) => void)[], value: T, from = 0): void {
  let next = from;
  try {
    while (next < listeners.length) listeners[next++]!(value);
  } finally {
    if (next < listeners.length) tellAll(listeners, value, next);
  }
}
