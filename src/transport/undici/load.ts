import type * as Undici from 'undici';
import { InvalidOptionsError } from '../../errors/refusal.errors.js';

export type UndiciModule = Pick<typeof Undici, 'Client'>;

let loading: Promise<UndiciModule> | undefined;

/**
 * Loads `undici`, an optional peer, once for all. The `import()` stands in a `try` so that bundlers pack an app that lacks it.
 * @throws InvalidOptionsError where it is not installed, or older than version 7
 */
export function loadUndici(): Promise<UndiciModule> {
  return (loading ??= load());
}

async function load(): Promise<UndiciModule> {
  let undici: typeof Undici | undefined;
  try {
    undici = await import('undici');
  } catch (error) {
    if (!NOT_INSTALLED.has((error as NodeJS.ErrnoException).code)) throw error;
  }
  if (!undici) throw missing('got none; npm install undici@7, or @8 for Node 22.19 and later');
  if (!('cacheStores' in undici)) throw missing('got an older one');
  return undici;
}

const NOT_INSTALLED: ReadonlySet<string | undefined> = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

function missing(got: string): InvalidOptionsError {
  return new InvalidOptionsError('nest-outbound', [`engine: expected the package undici, version 7 or 8, ${got}`]);
}
