import { isPolluted, shadowInherited } from '../../base/prototype-pollution.js';
import type { Http2Module } from '../../pool/http2/session.js';
import { Sessions } from '../../pool/http2/sessions.js';
import { HTTP2, ONLY_HTTP2 } from '../../pool/pool-agents.js';
import type { SocketWish } from '../../pool/fast-lane.js';
import { ORIGIN } from '../../pool/fast-lane.js';
import type { Engine } from '../engine.js';
import { chooseSocket, type ExchangeRequest, type SocketOptions } from '../request.js';
import { NODE_MAX_HEADER_BYTES } from '../response-headers.js';
import { authorityOf, headerOf } from './headers.js';
import { Http2Request } from './request.js';

/** How HTTP/2 is used: where TLS agrees to it, or in any case. */
export type Http2Mode = true | 'prior-knowledge';

let loading: Promise<Http2Module> | undefined;

/**
 * HTTP/2 by Node's `node:http2`, on the sockets of the pool.
 * @param http1 carries what HTTP/2 cannot, and what upstreams get that do not speak it
 * @param maxHeaderBytes what responses may have
 */
export function http2Engine(mode: Http2Mode, http1: Engine, maxHeaderBytes: number): Engine {
  const isRequired = mode === 'prior-knowledge';
  let http2: Http2Module | undefined;
  let isLoading: Promise<unknown> | undefined = Promise.all([(loading ??= import('node:http2')), http1.loading]).then(
    ([loaded]) => {
      http2 = loaded;
      isLoading = undefined;
    },
  );
  isLoading.catch(() => {}); // whoever calls is told
  return {
    sockets: `${isRequired ? ONLY_HTTP2 : HTTP2}${maxHeaderBytes} ${http1.sockets ?? ''}`,
    otherwise: http1,
    speaksHttp2: true,
    get loading() {
      return isLoading;
    },
    carries(request) {
      const { target, method } = request;
      if (!target.secure && !isRequired) return false; // nothing would tell what the upstream speaks
      if (method === 'CONNECT' || headerOf(request, 'upgrade') !== undefined) return false;
      // It may come to HTTP/1.1, and a socket is for one engine: what another may have to carry goes with that from the beginning.
      return isRequired || http1.carries(request);
    },
    send(sent, agent, listener, limit, wish) {
      const host = headerOf(sent, 'host');
      const lane = Sessions.of(agent).lane(
        agent,
        {
          origin: sent.target.origin,
          lane: laneOf(sent, String(host ?? ''), wish),
          authority: `${sent.target.secure ? 'https' : 'http'}://${authorityOf(sent.target)}`,
          host: host === undefined ? authorityOf(sent.target) : String(host),
          maxHeaderBytes: limit,
          isRequired,
          optionsOf: optionsFor(sent, limit, wish),
        },
        http2!,
      );
      const request = new Http2Request(sent, listener, { agent, lane, http1, maxHeaderBytes: limit });
      request.start();
      return request;
    },
    forget(request) {
      (request as Http2Request).forget();
    },
  };
}

/** What sockets must have in common to be shared. */
function laneOf({ target, family }: ExchangeRequest, host: string, wish: SocketWish | undefined): string {
  const { address, scheduling } = wish ?? {};
  return `${address?.lane ?? target.origin} ${family ?? ''} ${scheduling ?? ''} ${target.secure} ${host}`;
}

function optionsFor({ target, family }: ExchangeRequest, limit: number, wish: SocketWish | undefined): () => object {
  return () => {
    const options: SocketOptions = {
      host: target.hostname,
      hostname: target.hostname,
      port: target.port || (target.secure ? 443 : 80),
      protocol: target.secure ? 'https:' : 'http:',
    };
    if (target.socketPath) options.socketPath = target.socketPath;
    else options[ORIGIN] = target.origin;
    if (family !== undefined) options.family = family;
    if (wish) chooseSocket(options, wish);
    if (limit !== NODE_MAX_HEADER_BYTES) options.maxHeaderSize = limit; // of a proxy's answer
    return isPolluted() ? shadowInherited(options) : options;
  };
}
