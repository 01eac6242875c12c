import axios, { type AxiosInstance } from 'axios';
import { systemClock } from '../../src/base/clock.js';
import { createCall } from '../../src/call/call.js';
import { ClientStack, stackContext } from '../../src/client/stack.js';
import { addressGuard, type ResolveHost } from '../../src/guard/address-guard.js';
import type { HttpClientOptions } from '../../src/index.js';
import { resolveModuleOptions } from '../../src/options/resolve-options.js';
import { ConnectionPool } from '../../src/pool/connection-pool.js';

export interface GuardedClient extends AsyncDisposable {
  readonly client: AxiosInstance;
  readonly pool: ConnectionPool;
}

/** A client as `forRoot` makes it, whose guard asks a name server of the test's. */
export function guardedClient(options: HttpClientOptions, resolve?: ResolveHost): GuardedClient {
  const { client: resolved, shutdown } = resolveModuleOptions(options);
  const { pool: poolOptions, tls, guard, baseURL, timeouts } = resolved;
  const pool = new ConnectionPool({
    pool: poolOptions,
    tls,
    addressGuard: guard ? addressGuard(guard, resolve) : undefined,
    drainMs: shutdown.drainMs,
    clock: systemClock,
    random: Math.random,
  });
  const stack = new ClientStack(resolved, stackContext(pool));
  const client = axios.create({
    ...resolved.axios,
    ...(baseURL !== undefined && { baseURL }),
    timeout: timeouts.attemptMs || 0, // another would be the call's own, and lift the phases
    adapter: (config) => stack.handle(createCall(config, 'default')),
  });
  return {
    client,
    pool,
    async [Symbol.asyncDispose]() {
      await pool.close();
    },
  };
}
