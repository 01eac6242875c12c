import { describe, expect, it } from 'vitest';
import { InvalidOptionsError } from '../errors/refusal.errors.js';
import { EJECTION_DEFAULTS } from './address-options.js';
import type { OriginOptions } from './http-client-options.js';
import { resolveModuleOptions, resolveNamedOptions } from './resolve-options.js';

const ORIGIN = 'http://orders.shop.svc:3000';

const originOf = (options: OriginOptions, origin = ORIGIN) =>
  resolveModuleOptions({ origins: { [origin]: options } }).client.origins[origin]!;

function problemsOf(options: unknown, origin = ORIGIN): readonly string[] {
  try {
    originOf(options as OriginOptions, origin);
    return [];
  } catch (error) {
    return (error as InvalidOptionsError).problems;
  }
}

describe('the addresses of an origin', () => {
  it('are off, and with the defaults where they are on', () => {
    expect(originOf({}).addresses).toBe(false);
    expect(originOf({ addresses: true }).addresses).toEqual({
      list: undefined,
      resolve: undefined,
      resolveMs: 10_000,
      ejection: EJECTION_DEFAULTS,
    });
  });

  it('take what is given, part by part', () => {
    const list = ['10.0.0.7', '10.0.0.8:81'];
    expect(originOf({ addresses: { list, ejection: { baseMs: 1_000 } } }).addresses).toMatchObject({
      list,
      ejection: { ...EJECTION_DEFAULTS, baseMs: 1_000 },
    });
    expect(originOf({ addresses: { resolveMs: 5, ejection: false } }).addresses).toMatchObject({
      resolveMs: 5,
      ejection: false,
    });
  });

  it('are inherited by named clients as they are, so that they are found once for all', () => {
    const root = resolveModuleOptions({ origins: { [ORIGIN]: { addresses: true } } }).client;
    const named = resolveNamedOptions({ name: 'orders' }, root);
    expect(named.origins[ORIGIN]!.addresses).toBe(root.origins[ORIGIN]!.addresses);
  });

  it.each([
    [{ list: [] }, 'at least one IP address, got an array'],
    [{ list: 'orders' }, 'an array of IP addresses, got "orders"'],
  ])('%j is refused', (addresses, problem) => {
    expect(problemsOf({ addresses })).toEqual([`origins.${ORIGIN}.addresses.list: expected ${problem}`]);
  });

  it('are refused where they are no addresses, are given twice, or do not fit together', () => {
    const path = `origins.${ORIGIN}.addresses`;
    expect(problemsOf({ addresses: { list: ['orders-1'] } })).toEqual([
      `${path}.list.0: expected an IP address, as '10.0.0.7' or '10.0.0.7:8080', got "orders-1"`,
    ]);
    expect(problemsOf({ addresses: { list: ['10.0.0.1'], resolve: () => [], resolveMs: 7 } })).toEqual([
      `${path}.resolve: expected to be left out with list`,
      `${path}.resolveMs: expected to be left out with list`,
    ]);
    expect(problemsOf({ addresses: { ejection: { baseMs: 400_000 } } })).toEqual([
      `${path}.ejection.baseMs: expected at most maxMs (300000), got 400000`,
    ]);
    expect(problemsOf({ addresses: { ejection: { maxShare: 2 } } })).toEqual([
      `${path}.ejection.maxShare: expected a number from 0 to 1, got 2`,
    ]);
  });

  it.each(['http://127.0.0.1:3000', 'http://[::1]:3000'])('are refused for %s, which is one', (origin) => {
    expect(problemsOf({ addresses: true }, origin)).toEqual([
      `origins.${origin}.addresses: expected an origin whose host is a name, which certificates and Host headers keep; got an address`,
    ]);
  });
});

describe('the scheduling of an origin', () => {
  it("is the client's, unless it has its own", () => {
    const { client } = resolveModuleOptions({
      pool: { scheduling: 'fifo' },
      origins: { [ORIGIN]: {}, 'http://other.test': { pool: { scheduling: 'lifo' } } },
    });
    expect(client.pool.scheduling).toBe('fifo');
    expect(Object.values(client.origins).map(({ pool }) => pool.scheduling)).toEqual(['fifo', 'lifo']);
  });

  it('is refused where it is none, and so are other options of the pool', () => {
    expect(problemsOf({ pool: { scheduling: 'random', idleMs: 5 } })).toEqual([
      `origins.${ORIGIN}.pool.scheduling: expected 'lifo' or 'fifo', got "random"`,
      `origins.${ORIGIN}.pool.idleMs: expected one of the options scheduling, got an unknown option; did you mean pool.idleMs?`,
    ]);
  });
});
