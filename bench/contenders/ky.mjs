import ky from 'ky';
import { drainWeb } from '../helpers/drain.mjs';

/** Without a cap: it calls Node's own fetch. */
export async function create({ url, method, body, kind }) {
  const client = ky.create({ retry: 0 }); // a retry would hide an error
  const request =
    kind === 'stream'
      ? async () => drainWeb((await client(url)).body)
      : () => client(url, { method, ...(body && { json: body }) }).json();
  return { request, close: () => {} };
}
