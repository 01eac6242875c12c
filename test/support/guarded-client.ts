import axios, { type AxiosInstance } from 'axios';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { HttpClientEvents } from '../../src/call/event-sink.js';
import { createCall } from '../../src/call/call.js';
import { resolvePlatform } from '../../src/client/platform.js';
import { ClientStack, stackContext } from '../../src/client/stack.js';
import { addressGuard, type ResolveHost } from '../../src/guard/address-guard.js';
import type { HttpClientOptions } from '../../src/index.js';
import { resolveModuleOptions } from '../../src/options/resolve-options.js';
import { ConnectionPool } from '../../src/pool/connection-pool.js';

export interface GuardedClient extends AsyncDisposable {
  readonly client: AxiosInstance;
  readonly pool: ConnectionPool;
  readonly events: HttpClientEvents;
}

/** A client as `forRoot` makes it, whose guard and addresses ask a name server of the test's. */
export function guardedClient(
  options: HttpClientOptions,
  resolve?: ResolveHost,
  clock: Clock = systemClock,
): GuardedClient {
  const { client: resolved, shutdown } = resolveModuleOptions(options);
  const { pool: poolOptions, tls, guard, baseURL, timeouts } = resolved;
  const events = new HttpClientEvents();
  const pool = new ConnectionPool({
    pool: poolOptions,
    tls,
    addressGuard: guard ? addressGuard(guard, resolve) : undefined,
    resolveHost: resolve,
    drainMs: shutdown.drainMs,
    clock,
    random: Math.random,
    events,
  });
  const stack = new ClientStack(resolved, stackContext(pool, { events, platform: resolvePlatform({ clock }) }));
  const client = axios.create({
    ...resolved.axios,
    ...(baseURL !== undefined && { baseURL }),
    timeout: timeouts.attemptMs || 0, // another would be the call's own, and lift the phases
    adapter: (config) => stack.handle(createCall(config, 'default', clock)),
  });
  return {
    client,
    pool,
    events,
    async [Symbol.asyncDispose]() {
      await pool.close();
    },
  };
}
