import { fileURLToPath } from 'node:url';

/** Process-wide: what other copies of this file find, too. */
const COPIES = Symbol.for('nest-outbound:copies');

interface Copies {
  /** Where each copy was loaded from. */
  readonly from: Set<string>;
  hasWarned: boolean;
}

/**
 * Notes where the package was loaded from. The first time that it comes from a second place, a process warning names both: tokens, errors
 * and the context of inbound requests of one copy mean nothing to the other.
 * @param url of a module of this copy
 */
export function noteCopy(
  url: string,
  owner: { [COPIES]?: Copies } = globalThis as object,
  warn: (text: string) => void = (text) => process.emitWarning(text, 'NestOutboundWarning'),
): void {
  const copies = (owner[COPIES] ??= { from: new Set(), hasWarned: false });
  copies.from.add(url);
  if (copies.from.size < 2 || copies.hasWarned) return;
  copies.hasWarned = true;
  const [first, second] = Array.from(copies.from, pathOf);
  warn(
    `nest-outbound is loaded twice in this process, from ${first} and from ${second}. Clients, tokens and errors of one copy are unknown to ` +
      'the other. Keep one: see `npm ls nest-outbound`, then `npm dedupe`',
  );
}

/** With the query, which may be all that sets two copies apart. */
function pathOf(url: string): string {
  if (!url.startsWith('file:')) return url;
  const { search } = new URL(url);
  return fileURLToPath(url) + search;
}
