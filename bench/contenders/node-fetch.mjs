import { fetchRequest } from '../helpers/fetch-request.mjs';

/** Without a cap: Node's own fetch takes none. */
export async function create(target) {
  return { request: fetchRequest(fetch, target), close: () => {} };
}
