import { rawClient } from '../helpers/raw-client.mjs';

/** The least that a request on node:http costs, as a careful person writes it: with an options object. */
export async function create(target) {
  return rawClient(target, ({ hostname, port, pathname }, settings) => [
    { hostname, port, path: pathname, ...settings },
  ]);
}
