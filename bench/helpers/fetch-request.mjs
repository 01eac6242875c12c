import { drainWeb } from './drain.mjs';

/** The function that sends one request by a `fetch`. */
export function fetchRequest(fetch, { url, method, body, kind }, init = {}) {
  const send = async (own) => {
    const response = await fetch(url, { ...init, ...own });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return response;
  };
  if (kind === 'stream') return async () => drainWeb((await send()).body);
  if (method === 'POST') {
    return async () => {
      const headers = { 'content-type': 'application/json' };
      return (await send({ method, headers, body: JSON.stringify(body) })).json();
    };
  }
  return async () => (await send()).json();
}
