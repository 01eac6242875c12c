import { interceptors, Pool } from 'undici';
import { drain } from '../helpers/drain.mjs';

/** The least that a request on undici costs, as a careful person writes it: with a pool for the origin. */
export async function create({ url, method, body, kind, acceptEncoding, maxSockets }) {
  const { origin, pathname: path } = new URL(url);
  const pool = new Pool(origin, { connections: maxSockets });
  const dispatcher = acceptEncoding ? pool.compose(interceptors.decompress()) : pool;
  const headers = {
    accept: 'application/json',
    ...(body && { 'content-type': 'application/json' }),
    ...(acceptEncoding && { 'accept-encoding': acceptEncoding }),
  };
  const request = async () => {
    const response = await dispatcher.request({ path, method, headers, body: body && JSON.stringify(body) });
    if (response.statusCode !== 200) throw new Error(`HTTP ${response.statusCode}`);
    return kind === 'stream' ? drain(response.body) : JSON.parse(await response.body.text());
  };
  return { request, close: () => pool.close() };
}
