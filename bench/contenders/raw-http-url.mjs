import { rawClient } from '../helpers/raw-client.mjs';

/** The same as most people write it: Node parses the URL with every request. */
export async function create(target) {
  return rawClient(target, ({ href }, settings) => [href, settings]);
}
