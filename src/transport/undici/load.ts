import type * as Undici from 'undici';
import { InvalidOptionsError } from '../../errors/refusal.errors.js';

export interface UndiciModule extends Pick<typeof Undici, 'Client' | 'util'> {
  /** Whether it takes the handlers of before version 7 as they are, and wraps others to be such: version 7 does. */
  readonly takesLegacyHandlers: boolean;
}

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
  const { Client, util } = undici;
  return { Client, util, takesLegacyHandlers: takesLegacyHandlers(Client) };
}

/** Asks it to carry nothing for half a handler. What that lacks a version says before it makes a request of it. */
function takesLegacyHandlers(Client: typeof Undici.Client): boolean {
  let isLegacy = false;
  const handler = { onConnect() {}, onError: () => (isLegacy = true) };
  try {
    new Client('http://localhost').dispatch({ path: '/', method: 'GET' }, handler);
  } catch {
    // it wants other methods
  }
  return isLegacy;
}

const NOT_INSTALLED: ReadonlySet<string | undefined> = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

function missing(got: string): InvalidOptionsError {
  return new InvalidOptionsError('nest-outbound', [`engine: expected the package undici, version 7 or 8, ${got}`]);
}
