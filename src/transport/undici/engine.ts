import type { Engine } from '../engine.js';
import { StreamedBody } from '../streamed-body.js';
import { loadUndici, type UndiciModule } from './load.js';
import { UndiciRequest } from './request.js';

/** Headers that undici refuses, because they say how a request is sent or what becomes of its connection; and one that Node judges. */
const NOT_CARRIED = new Set(['expect', 'upgrade', 'trailer', 'keep-alive']);
/** undici chunks a stream whose length is not known, and nothing else. */
const CHUNKED = 'transfer-encoding';
const LENGTHS = new Set([...NOT_CARRIED, CHUNKED].map(({ length }) => length));

/**
 * undici's HTTP/1.1, which is faster than Node's. It begins to load undici.
 * @param maxHeaderBytes what responses may have: a socket is given it once for all
 */
export function undiciEngine(maxHeaderBytes: number): Engine {
  let undici: UndiciModule | undefined;
  let loading: Promise<void> | undefined = loadUndici().then((loaded) => {
    undici = loaded;
    loading = undefined;
  });
  loading.catch(() => {}); // whoever calls is told
  return {
    sockets: `undici:${maxHeaderBytes}`,
    get loading() {
      return loading;
    },
    carries({ method, headers, body }) {
      if (method === 'CONNECT') return false;
      for (const name of Object.keys(headers)) {
        if (!LENGTHS.has(name.length)) continue;
        const lowerCase = name.toLowerCase();
        if (NOT_CARRIED.has(lowerCase) || (lowerCase === CHUNKED && !(body instanceof StreamedBody))) return false;
      }
      return true;
    },
    send(sent, agent, listener, _maxHeaderBytes, wish) {
      const request = new UndiciRequest(sent, listener, undici!, maxHeaderBytes);
      request.askForSocket(agent, wish);
      return request;
    },
    forget(request) {
      (request as UndiciRequest).forget();
    },
  };
}
