import type { Engine } from '../engine.js';
import { requestFor } from './handlers.js';
import { loadUndici, type UndiciModule } from './load.js';
import type { UndiciRequest } from './request.js';
import { canCarry } from './request-headers.js';

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
    carries: canCarry,
    send(sent, agent, listener, _maxHeaderBytes, wish) {
      const request = requestFor(undici!, sent, listener, maxHeaderBytes);
      request.askForSocket(agent, wish);
      return request;
    },
    forget(request) {
      (request as UndiciRequest).forget();
    },
  };
}
