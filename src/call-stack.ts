import type { Clock } from './clock.js';
import { admission } from './layers/admission.js';
import { attemptTimeout } from './layers/attempt-timeout.js';
import { compose } from './layers/compose.js';
import type { Handler } from './layers/layer.js';
import { standardStack } from './layers/standard-stack.js';
import type { TransportSettings } from './options/resolve-options.js';
import type { ConnectionPool } from './pool/connection-pool.js';
import { nativeTransport } from './transport/native-transport.js';

/** The layers, in their order, on a transport over the pool. */
export function createStack(
  { timeouts, limits, redirects }: TransportSettings,
  pool: ConnectionPool,
  clock: Clock,
): Handler {
  const transport = nativeTransport({
    pool,
    clock,
    poolWaitMs: timeouts.poolWaitMs,
    phases: {
      connect: timeouts.connectMs,
      response: timeouts.responseMs,
      bodyIdle: timeouts.bodyIdleMs,
    },
    maxResponseBytes: limits.maxResponseBytes,
    redirects: { max: redirects.max || 0, allowDowngrade: redirects.allowDowngrade },
  });
  const stack = standardStack({ admission: admission(pool), attemptTimeout: attemptTimeout(clock) });
  return compose(
    stack.map(({ layer }) => layer),
    transport,
  );
}
