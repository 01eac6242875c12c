import type { Agent } from 'node:http';
import type { Handler } from '../call/call.js';
import type { RequestTarget } from '../call/target.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { BalancedWay, type Balancing } from './addressed.js';
import { Attempt, type AttemptSettings } from './attempt.js';
import type { Engine } from './engine.js';
import { nodeEngine } from './node-engine.js';
import { proxyFinder, type ProxyFinder } from './proxies.js';
import { routedDelegate, type RoutedDelegateSettings } from './routed-adapter.js';

export interface NativeTransportSettings extends Omit<AttemptSettings, 'engine'> {
  /**
   * What carries requests.
   * @default node:http
   */
  readonly engine?: Engine;
  /** Of origins that differ from how the pool has it. */
  readonly balancing?: Balancing;
}

/**
 * The end of the stack: what axios's http adapter does, straight on `node:http` and the pool's agents, with every phase
 * timed. What it leaves to axios's adapter is in `isDelegated`. With a guard, it refuses settings that would go around that.
 * @param routing another way than through the pool
 */
export function nativeTransport(settings: NativeTransportSettings, routing: Routing = poolRouting(settings)): Handler {
  return Attempt.handler({ ...settings, engine: settings.engine ?? nodeEngine }, routing);
}

/** Which way requests go. */
export interface Routing {
  readonly findProxy: ProxyFinder;
  /**
   * @param proxy what `findProxy` has for the target
   * @param sockets of which engine
   */
  agentFor(target: RequestTarget, proxy: URL | undefined, sockets: Engine['sockets']): Agent;
  /**
   * How requests are spread over sockets and addresses; absent, or undefined for a target: as the pool has it.
   * @param proxy what `findProxy` has for the target
   */
  readonly wayTo?: (target: RequestTarget, proxy: URL | undefined) => BalancedWay | undefined;
  /** Carries what is left to axios's own adapter. */
  readonly viaAxios: Handler;
}

/** Through the sockets of the pool, and the proxies of the environment. */
export function poolRouting(
  settings: RoutedDelegateSettings & Pick<NativeTransportSettings, 'ownProxy' | 'balancing'>,
): Routing {
  const { pool, balancing, ownProxy = null } = settings;
  const findProxy = proxyFinder(process.env, pool.guard ? ownProxy : undefined);
  return {
    findProxy,
    agentFor: ({ secure }, proxy, sockets) => pooledAgent(secure, proxy, sockets, pool),
    ...(balancing && {
      wayTo: ({ origin }, proxy) => {
        const balance = balancing.get(origin);
        return balance && new BalancedWay(origin, balance, pool, proxy !== undefined);
      },
    }),
    viaAxios: routedDelegate(settings, findProxy),
  };
}

/** A proxy forwards http, and opens tunnels for https. */
function pooledAgent(
  toSecure: boolean,
  proxy: URL | undefined,
  sockets: Engine['sockets'],
  pool: ConnectionPool,
): Agent {
  if (proxy) return toSecure ? pool.tunnelAgent(proxy, sockets) : pool.proxyAgent(proxy.protocol === 'https:', sockets);
  if (sockets === undefined) return toSecure ? pool.httpsAgent : pool.httpAgent;
  return pool.agentFor(toSecure, sockets);
}
