import { MAX_TIMER_MS } from '../clock.js';

/**
 * Reads a relative deadline.
 * @param value a whole number of milliseconds
 * @returns Infinity for anything else, 0, and more than 24 days: who sends that says nothing
 */
export function deadlineMsOf(value: string | readonly string[] | undefined): number {
  if (typeof value !== 'string' || !/^\d{1,10}$/.test(value)) return Infinity;
  const ms = Number(value);
  return ms > 0 && ms <= MAX_TIMER_MS ? ms : Infinity;
}

/** Those of the headers that there are. Repeated ones are one list, as Node joins them; Set-Cookie is never among them. */
export function pickHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  names: readonly string[],
): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (typeof value === 'string' && value !== '') picked[name] = value;
  }
  return picked;
}
