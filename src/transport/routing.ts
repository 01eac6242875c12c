import type { Agent } from 'node:http';
import type { Handler } from '../layers/layer.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { proxyFinder, type ProxyFinder } from './proxies.js';
import type { RequestTarget } from './request-target.js';
import { routedDelegate, type RoutedDelegateSettings } from './routed-delegate.js';

/** Which way requests go. */
export interface Routing {
  readonly findProxy: ProxyFinder;
  /** @param proxy what `findProxy` has for the target */
  agentFor(target: RequestTarget, proxy: URL | undefined): Agent;
  /** Carries what is left to axios's own adapter. */
  readonly viaAxios: Handler;
}

/** Through the sockets of the pool, and the proxies of the environment. */
export function poolRouting(settings: RoutedDelegateSettings): Routing {
  const { pool } = settings;
  const findProxy = proxyFinder(process.env);
  return {
    findProxy,
    agentFor: ({ secure }, proxy) => pooledAgent(secure, proxy, pool),
    viaAxios: routedDelegate(settings, findProxy),
  };
}

/** A proxy forwards http, and opens tunnels for https. */
function pooledAgent(toSecure: boolean, proxy: URL | undefined, pool: ConnectionPool): Agent {
  if (proxy) return toSecure ? pool.tunnelAgent(proxy) : pool.proxyAgent(proxy.protocol === 'https:');
  return toSecure ? pool.httpsAgent : pool.httpAgent;
}
