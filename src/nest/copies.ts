import { fileURLToPath } from 'node:url';

/** Process-wide: other copies of this file find it, too. */
const COPIES = Symbol.for('nest-outbound:copies');

/** How a build of the package is loaded. */
export type Build = 'import' | 'require';

interface Copies {
  /** Directory of each installed copy → the build of it that was loaded first. */
  readonly first: Map<string, Build>;
  hasWarned: boolean;
}

/** What an entry file knows of itself. */
export interface Entry<T> {
  readonly build: Build;
  /** Its URL. undefined in a bundle that has no URLs. */
  readonly url: string | undefined;
  readonly own: () => T;
  /** Loads the same entry of the other build. */
  readonly other: () => T;
}

/**
 * The exports of an entry. The package ships an ES module build and a CommonJS build, because axios does: `error instanceof AxiosError` must be true
 * for the axios that the app loads. A process uses one of them: the one that it loads first. Entries of the other build
 * return the exports of that one, so tokens, errors and the context of inbound requests are the same for everybody.
 *
 * Two installed copies cannot share them. Then a process warning names both, once.
 */
export function oneBuild<T>(
  { build, url, own, other }: Entry<T>,
  owner: { [COPIES]?: Copies } = globalThis as object,
  warn: (text: string) => void = (text) => process.emitWarning(text, 'NestOutboundWarning'),
): T {
  const copies = (owner[COPIES] ??= { first: new Map(), hasWarned: false });
  const directory = url === undefined ? 'a bundle' : new URL('.', url).href;
  const first = copies.first.get(directory) ?? build;
  copies.first.set(directory, first);
  if (copies.first.size > 1) warnOnce(copies, [...copies.first.keys()], warn);
  if (first === build) return own();
  try {
    return other();
  } catch {
    // In a bundle there is no other file to load.
    warnOnce(copies, [`${directory} by ${first}`, `${directory} by ${build}`], warn);
    return own();
  }
}

function warnOnce(copies: Copies, [first, second]: readonly string[], warn: (text: string) => void): void {
  if (copies.hasWarned) return;
  copies.hasWarned = true;
  warn(
    `nest-outbound is loaded twice in this process, from ${pathOf(first!)} and from ${pathOf(second!)}. Clients, tokens and errors of one copy are ` +
      'unknown to the other. Keep one: see `npm ls nest-outbound`, then `npm dedupe`',
  );
}

const pathOf = (url: string) => (/^file:[^ ]*$/.test(url) ? fileURLToPath(url) : url);
