import { withoutPrototype } from '../base/prototype-pollution.js';
import { proxyUrl } from '../base/proxy-url.js';
import type { Handler } from '../call/call.js';
import type { OriginSettings } from '../options/resolve-options.js';
import { balancingOf } from '../transport/addressed.js';
import type { Engine } from '../transport/engine.js';
import { http2Engine } from '../transport/http2/engine.js';
import { nodeEngine } from '../transport/node-engine.js';
import { nativeTransport, type NativeTransportSettings } from '../transport/transport.js';
import { undiciEngine } from '../transport/undici/engine.js';
import type { ScopeContext } from './scope.js';
import type { StackSettings } from './stack.js';

/** What carries requests. */
export function engineOf({ engine, http2, limits: { maxHeaderBytes } }: OriginSettings): Engine {
  const http1 = engine === 'undici' ? undiciEngine(maxHeaderBytes) : nodeEngine;
  return http2 ? http2Engine(http2, http1, maxHeaderBytes) : http1;
}

/** The last handler of a stack: the transport, with the settings of its scope. */
export function terminalOf(
  { timeouts, limits, redirects }: OriginSettings,
  engine: Engine,
  client: StackSettings,
  { pool, clock, rules, events, transport }: ScopeContext,
): Handler {
  const { proxy } = withoutPrototype(client.axios ?? {});
  const settings: NativeTransportSettings = {
    pool,
    clock,
    rules,
    events,
    poolWaitMs: timeouts.poolWaitMs,
    phases: {
      connect: timeouts.connectMs,
      response: timeouts.responseMs,
      bodyIdle: timeouts.bodyIdleMs,
      readerIdle: timeouts.readerIdleMs,
    },
    clientTimeout: client.name === undefined ? undefined : client.timeouts.attemptMs || 0,
    maxResponseBytes: limits.maxResponseBytes,
    maxHeaderBytes: limits.maxHeaderBytes,
    engine,
    redirects: { max: redirects.max || 0, allowDowngrade: redirects.allowDowngrade },
    balancing: balancingOf(client.origins, client.pool),
    ownProxy: proxy ? proxyUrl(proxy) : undefined,
  };
  return transport(nativeTransport(settings), settings);
}
