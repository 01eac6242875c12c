import { describe, expect, it } from 'vitest';
import { InvalidOptionsError } from '../errors/refusal.errors.js';
import { resolveModuleOptions, resolveNamedOptions, resolveTransportOptions } from './resolve-options.js';
import { GUARD_DEFAULTS, resolveGuard } from './resolve-sections.js';

describe('resolveGuard', () => {
  it('is off unless asked for', () => {
    expect([resolveGuard(undefined, false), resolveGuard(false, GUARD_DEFAULTS)]).toEqual([false, false]);
  });

  it('lets nothing special through, and the ports of http and https, by default', () => {
    const nothing = { allowHosts: [], allowCidrs: [], blockCidrs: [], allowPorts: [80, 443] };
    expect(resolveGuard(true, false)).toEqual(nothing);
    expect(resolveGuard({}, false)).toEqual(nothing);
  });

  it('puts what is given on top of what is inherited', () => {
    const inherited = resolveGuard({ allowHosts: ['a.test'], allowPorts: false }, false);
    expect(resolveGuard({ allowPorts: [8_080], blockCidrs: undefined }, inherited)).toEqual({
      allowHosts: ['a.test'],
      allowCidrs: [],
      blockCidrs: [],
      allowPorts: [8_080],
    });
  });

  it('is the inherited one itself where nothing else is asked for, so that a pool can be shared', () => {
    const inherited = resolveGuard({ allowHosts: ['a.test'] }, false);
    for (const given of [undefined, true, {}, { allowHosts: undefined }]) {
      expect(resolveGuard(given, inherited)).toBe(inherited);
    }
  });

  it('does not change with the lists that it was given', () => {
    const allowHosts = ['a.test'];
    const resolved = resolveGuard({ allowHosts }, false);
    allowHosts.push('b.test');
    expect(resolved).toMatchObject({ allowHosts: ['a.test'] });
  });
});

describe('the guard and the confinement of a client', () => {
  const problemsOf = (options: object): readonly string[] => {
    try {
      resolveModuleOptions(options);
    } catch (error) {
      return (error as InvalidOptionsError).problems;
    }
    return [];
  };

  it('are checked with the other options, every problem listed', () => {
    const guard = {
      allowHosts: ['http://a.test', 'a.test:80', '*', 5, 'ok.test'],
      allowCidrs: ['10.0.0.0', '10.0.0.0/33', '::/8'],
      blockCidrs: 'all',
      allowPorts: [0, 80, 65_536, '443'],
      only: true,
    };
    const aHost = "a host without a port, as 'api.example.com' or '*.example.com'";
    expect(problemsOf({ guard, confine: 'host' })).toEqual([
      "confine: expected 'origin', 'path' or false, got \"host\"",
      `guard.allowHosts.0: expected ${aHost}, got "http://a.test"`,
      `guard.allowHosts.1: expected ${aHost}, got "a.test:80"`,
      `guard.allowHosts.2: expected ${aHost}, got "*"`,
      `guard.allowHosts.3: expected ${aHost}, got 5`,
      'guard.allowCidrs.0: expected an address range, as \'10.0.0.0/8\', got "10.0.0.0"',
      'guard.allowCidrs.1: expected an address range, as \'10.0.0.0/8\', got "10.0.0.0/33"',
      'guard.blockCidrs: expected an array of address ranges, got "all"',
      'guard.allowPorts.0: expected a port, from 1 to 65535, got 0',
      'guard.allowPorts.2: expected a port, from 1 to 65535, got 65536',
      'guard.allowPorts.3: expected a port, from 1 to 65535, got "443"',
      'guard.only: expected one of the options allowHosts, allowCidrs, blockCidrs, allowPorts, got an unknown option',
      'confine: expected a baseURL to confine calls to, got none',
    ]);
  });

  it.each([['yes'], [null], [5], [[]]])('refuse %o', (guard) => {
    expect(problemsOf({ guard })).toHaveLength(1);
    expect(problemsOf({ confine: guard, baseURL: 'https://a.test' })).toHaveLength(1);
  });

  it.each(['lookup', 'transport', 'socketPath', 'httpVersion'])('do not go with axios.%s', (name) => {
    const axios = { [name]: { httpVersion: 2, socketPath: '/run/x.sock' }[name] ?? (() => {}) };
    expect(problemsOf({ axios })).toEqual([]);
    expect(problemsOf({ guard: true, axios })).toEqual([
      `axios.${name}: expected to be left out with a guard, which it would go around`,
    ]);
  });

  it('confine to the origin of a base URL, where there is one', () => {
    const confineOf = (options: object) => resolveModuleOptions(options).client.confine;
    const baseURL = 'https://a.test/v1';
    expect(confineOf({})).toBe(false);
    expect(confineOf({ baseURL })).toBe('origin');
    expect(confineOf({ baseURL, confine: 'path' })).toBe('path');
    expect(confineOf({ baseURL, confine: false })).toBe(false);
  });

  it("are the module's guard, never its confinement, for a named client that says nothing", () => {
    const root = resolveModuleOptions({ guard: { allowHosts: ['a.test'] }, baseURL: 'https://a.test' }).client;
    expect(resolveNamedOptions({ name: 'b' }, root)).toMatchObject({
      guard: root.guard,
      confine: false,
      ownsPool: false,
    });
  });

  it('give a named client a pool of its own only where its guard differs', () => {
    const guarded = resolveModuleOptions({ guard: true }).client;
    const open = resolveModuleOptions({}).client;
    const ownsPool = (guard: object | boolean | undefined, root: typeof open) =>
      resolveNamedOptions({ name: 'b', guard }, root).ownsPool;
    expect([ownsPool(true, open), ownsPool({}, open), ownsPool(false, guarded)]).toEqual([true, true, true]);
    expect(ownsPool({ allowPorts: false }, guarded)).toBe(true);
    expect([ownsPool(undefined, open), ownsPool(false, open)]).toEqual([false, false]);
    expect([ownsPool(undefined, guarded), ownsPool(true, guarded)]).toEqual([false, false]);
  });

  it('are there for a transport by itself', () => {
    expect(resolveTransportOptions({}).guard).toBe(false);
    expect(resolveTransportOptions({ guard: true }).guard).toEqual(GUARD_DEFAULTS);
  });
});
