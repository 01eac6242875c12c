import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../test/support/problems.js';
import { NO_CACHE } from './resolve-cache.js';
import { resolveModuleOptions, resolveNamedOptions } from './resolve-options.js';
import { NO_RESILIENCE } from './resolve-resilience.js';

const moduleProblems = (options: unknown) => problemsOf(() => resolveModuleOptions(options as never));

describe('resolveModuleOptions', () => {
  it('fills in every default', () => {
    expect(resolveModuleOptions({})).toEqual({
      client: {
        name: 'default',
        baseURL: undefined,
        confine: false,
        guard: false,
        headers: {},
        timeouts: {
          attemptMs: 30_000,
          poolWaitMs: 5_000,
          connectMs: 5_000,
          responseMs: 10_000,
          bodyIdleMs: 10_000,
          readerIdleMs: 60_000,
        },
        limits: { maxResponseBytes: 10_485_760, maxHeaderBytes: 16_384 },
        redirects: { max: 5, allowDowngrade: false },
        engine: 'node:http',
        http2: false,
        resilience: NO_RESILIENCE,
        ...NO_CACHE,
        origins: {},
        pool: {
          maxSockets: 100,
          maxTotalSockets: 1_000,
          maxQueued: 1_000,
          maxFreeSockets: 100,
          idleMs: 4_000,
          maxAgeMs: 120_000,
          scheduling: 'lifo',
        },
        tls: {},
        redact: { headers: [], query: [] },
        telemetry: { tracing: true, metrics: true, propagate: true },
        axios: {},
        ownsPool: true,
      },
      shutdown: { drainMs: 10_000 },
      logging: {
        failedCalls: 'warn',
        clientErrors: 'debug',
        slowCalls: false,
        repeatAfterMs: 10_000,
        lifecycle: 'log',
        cacheDecisions: 'debug',
      },
      inbound: false,
      adopt: false,
      maxRuntimeClients: 1_000,
    });
  });

  it('takes undefined for an option left out', () => {
    const { client } = resolveModuleOptions({ pool: { idleMs: undefined }, timeouts: undefined });
    expect(client.pool.idleMs).toBe(4_000);
  });

  it('keeps as many idle sockets as it may open, unless told otherwise', () => {
    expect(resolveModuleOptions({ pool: { maxSockets: 7 } }).client.pool.maxFreeSockets).toBe(7);
    expect(resolveModuleOptions({ pool: { maxSockets: 7, maxFreeSockets: 2 } }).client.pool.maxFreeSockets).toBe(2);
  });

  it('may open more sockets in total than to one origin, and leaves each origin those, unless told otherwise', () => {
    const total = (pool: object) => resolveModuleOptions({ pool }).client.pool.maxTotalSockets;
    expect([total({ maxSockets: 900 }), total({ maxSockets: 1_000 })]).toEqual([1_000, 1_112]);
    expect(total({ maxSockets: 2_000, maxTotalSockets: false })).toBe(false);
    expect(moduleProblems({ pool: { maxSockets: 5, maxTotalSockets: 4 } })).toEqual([
      'pool.maxSockets: expected at most pool.maxTotalSockets (4), got 5',
    ]);
  });

  it('is frozen in every group', () => {
    const { client, shutdown } = resolveModuleOptions({ headers: { a: 'b' } });
    for (const group of [client, client.pool, client.timeouts, client.headers, client.tls, client.axios, shutdown]) {
      expect(Object.isFrozen(group)).toBe(true);
    }
  });

  it('lists every problem at once, each with its path, what is expected and what it got', () => {
    expect(
      moduleProblems({
        baseURL: 'api.example.com',
        timeout: 5_000,
        timeouts: { attemptMs: -1 },
        headers: { accept: ['a'] },
        pool: { maxSockets: '100', idleMs: 1.5, keepAlive: true },
        tls: { rejectUnauthorized: 'no' },
        shutdown: { drainMs: 2 ** 31 },
        axios: { timeout: 5 },
      }),
    ).toEqual([
      'baseURL: expected an absolute http or https URL, got "api.example.com"',
      'headers.accept: expected a string, a number or a boolean, got an array',
      'timeouts.attemptMs: expected a whole number of milliseconds from 1 to 2147483647, or false, got -1',
      'pool.maxSockets: expected a whole number from 1, got "100"',
      'pool.idleMs: expected a whole number of milliseconds from 1 to 2147483647, got 1.5',
      'pool.keepAlive: expected one of the options maxSockets, maxTotalSockets, maxQueued, maxFreeSockets, idleMs, maxAgeMs, scheduling, got an unknown option; leave it out: sockets are always kept alive',
      'tls.rejectUnauthorized: expected true or false, got a string',
      'axios.timeout: expected to be set as timeouts.attemptMs, got a number',
      'shutdown.drainMs: expected a whole number of milliseconds from 1 to 2147483647, got 2147483648',
      'timeout: expected one of the options baseURL, confine, guard, auth, headers, timeouts, limits, redirects, engine, http2, resilience, cache, origins, pool, tls, redact, telemetry, axios, shared, shutdown, inbound, logging, adopt, maxRuntimeClients, got an unknown option; did you mean timeouts.attemptMs?',
    ]);
  });

  it('checks options against each other', () => {
    expect(moduleProblems({ pool: { maxSockets: 5, maxFreeSockets: 6, idleMs: 3_000, maxAgeMs: 2_000 } })).toEqual([
      'pool.maxFreeSockets: expected at most pool.maxSockets (5), got 6',
      'pool.idleMs: expected at most pool.maxAgeMs (2000), got 3000',
    ]);
  });

  it.each([[null], ['fast'], [5]])('refuses %o for the options as a whole', (options) => {
    expect(moduleProblems(options)).toHaveLength(1);
  });

  it('refuses a base URL that is not http', () => {
    expect(moduleProblems({ baseURL: 'ftp://files.example.com' })).toHaveLength(1);
  });

  it('never prints what may be a secret', () => {
    const problems = moduleProblems({
      baseURL: 'ftp://user:SECRET@files.example.com',
      headers: 'SECRET',
      tls: { key: 5, passphrase: ['SECRET'], ca: 'ok' },
      axios: 'SECRET',
    });
    expect(problems).toHaveLength(5);
    expect(problems.join()).not.toContain('SECRET');
  });

  it('lets axios settings of no option of ours through', () => {
    const validateStatus = () => true;
    expect(resolveModuleOptions({ axios: { validateStatus, maxRedirects: 3 } }).client.axios).toEqual({
      validateStatus,
      maxRedirects: 3,
    });
  });
});

describe('resolveNamedOptions', () => {
  const root = resolveModuleOptions({
    baseURL: 'https://main.example.com',
    headers: { authorization: 'Bearer main' },
    timeouts: { attemptMs: 1_000 },
    pool: { maxSockets: 7 },
    tls: { servername: 'main' },
  }).client;

  it("takes the module's timeouts, pool and TLS where it sets none", () => {
    const client = resolveNamedOptions({ name: 'github' }, root);
    expect(client).toMatchObject({ timeouts: root.timeouts, pool: root.pool, tls: root.tls, ownsPool: false });
  });

  it("never takes the module's base URL or headers: they belong to another API", () => {
    const client = resolveNamedOptions({ name: 'github' }, root);
    expect(client.baseURL).toBeUndefined();
    expect(client.headers).toEqual({});
  });

  it('has a pool of its own once it sets socket or TLS options', () => {
    expect(resolveNamedOptions({ name: 'a', pool: { idleMs: 1_000 } }, root)).toMatchObject({
      ownsPool: true,
      pool: { maxSockets: 7, idleMs: 1_000 },
    });
    expect(resolveNamedOptions({ name: 'b', tls: { ca: 'pem' } }, root)).toMatchObject({
      ownsPool: true,
      tls: { servername: 'main', ca: 'pem' },
    });
  });

  it('names the client whose options are wrong', () => {
    const resolve = () => resolveNamedOptions({ name: 'github', pool: { idleMs: 0 } }, root);
    expect(resolve).toThrow(/^HttpClientModule\.forFeature\("github"\): 1 invalid option\n {2}- pool\.idleMs: /);
  });

  it.each([[''], [undefined], [5]])('refuses %o for a name', (name) => {
    expect(problemsOf(() => resolveNamedOptions({ name } as never, root))).toHaveLength(1);
  });
});
