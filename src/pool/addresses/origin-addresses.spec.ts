import { beforeEach, describe, expect, it, vi } from 'vitest';
import { addressGuard, AddressRefusal, type ResolveHost } from '../../guard/address-guard.js';
import { type AddressesOptions, resolveAddresses } from '../../options/address-options.js';
import { GUARD_DEFAULTS } from '../../options/resolve-sections.js';
import { ManualClock } from '../../testing/manual-clock.js';
import { OriginAddresses, type OriginAddressesContext } from './origin-addresses.js';

let clock: ManualClock;

beforeEach(() => {
  clock = new ManualClock();
});

function addressesOf(options: AddressesOptions | true, own: Partial<OriginAddressesContext> = {}): OriginAddresses {
  const settings = resolveAddresses(options);
  if (!settings) throw new Error('no settings');
  return new OriginAddresses(settings, {
    origin: 'http://orders.test:8080',
    guard: undefined,
    resolveHost: (host) => {
      throw new Error(`nobody asks for ${host}`);
    },
    clock,
    random: () => 0,
    changed: () => {},
    ...own,
  });
}

const namesOf = ({ set }: OriginAddresses) => set.all.map(({ name }) => name);
const dnsError = (code: string) => Object.assign(new Error(code), { code });
const settled = () => clock.advance(0);

describe('a list', () => {
  it('is known from the start', () => {
    const addresses = addressesOf({ list: ['10.0.0.1', '10.0.0.2:81', '[fd00::1]:82'] });
    expect(addresses.whenKnown()).toBeUndefined();
    expect(namesOf(addresses)).toEqual(['10.0.0.1', '10.0.0.2:81', '[fd00::1]:82']);
    expect(addresses.canGoElsewhere(['10.0.0.1'])).toBe(true);
    expect(addresses.whenKnown()).toBeUndefined();
  });

  it('is judged by the guard, with its ports', async () => {
    const guard = addressGuard({ ...GUARD_DEFAULTS, allowCidrs: ['10.0.0.0/8'], allowPorts: [81] });
    const addresses = addressesOf({ list: ['10.0.0.1', '10.0.0.2:81', '127.0.0.1:81'] }, { guard });
    expect(namesOf(addresses)).toEqual(['10.0.0.2:81']);
    const refused = addressesOf({ list: ['127.0.0.1:81'] }, { guard });
    await expect(refused.whenKnown()).rejects.toThrow(AddressRefusal);
  });
});

describe('addresses that are looked up', () => {
  it('are waited for the first time, by one look-up for all', async () => {
    const resolve = vi.fn(async () => ['10.0.0.1']);
    const addresses = addressesOf({ resolve });
    await Promise.all([addresses.whenKnown(), addresses.whenKnown()]);
    expect(resolve.mock.calls).toEqual([['orders.test']]);
    expect(namesOf(addresses)).toEqual(['10.0.0.1']);
    expect(addresses.whenKnown()).toBeUndefined();
  });

  it('are looked up in the background from half of their age on, and waited for beyond it', async () => {
    let found = ['10.0.0.1'];
    const resolve = vi.fn(async () => found);
    const addresses = addressesOf({ resolve, resolveMs: 10_000 });
    await addresses.whenKnown();
    found = ['10.0.0.2'];
    clock.tick(4_999);
    expect(addresses.whenKnown()).toBeUndefined();
    expect(resolve).toHaveBeenCalledTimes(1);
    clock.tick(1);
    expect(addresses.whenKnown()).toBeUndefined();
    expect(resolve).toHaveBeenCalledTimes(2);
    await settled();
    expect(namesOf(addresses)).toEqual(['10.0.0.2']);
    found = ['10.0.0.3'];
    clock.tick(10_000);
    await addresses.whenKnown();
    expect(namesOf(addresses)).toEqual(['10.0.0.3']);
  });

  it('are looked up within a second after a failed connect', async () => {
    const resolve = vi.fn(async () => ['10.0.0.1', '10.0.0.2']);
    const addresses = addressesOf({ resolve });
    await addresses.whenKnown();
    clock.tick(999);
    expect(addresses.canGoElsewhere(['10.0.0.1'])).toBe(true);
    expect(addresses.whenKnown()).toBeUndefined();
    expect(resolve).toHaveBeenCalledTimes(1);
    clock.tick(1);
    expect(addresses.whenKnown()).toBeUndefined();
    expect(resolve).toHaveBeenCalledTimes(2);
  });

  it('stay in use while look-ups fail', async () => {
    const resolve = vi
      .fn<() => Promise<string[]>>()
      .mockResolvedValueOnce(['10.0.0.1'])
      .mockRejectedValue(dnsError('EAI_AGAIN'));
    const addresses = addressesOf({ resolve });
    await addresses.whenKnown();
    clock.tick(60_000);
    await addresses.whenKnown();
    expect(namesOf(addresses)).toEqual(['10.0.0.1']);
    expect(addresses.whenKnown()).toBeUndefined();
    clock.tick(1_000);
    expect(addresses.whenKnown()).toBeUndefined();
    expect(resolve).toHaveBeenCalledTimes(3);
  });

  it('stay in use while a look-up hangs', async () => {
    const hanging = new Promise<string[]>(() => {});
    const resolve = vi.fn<() => Promise<string[]>>().mockResolvedValueOnce(['10.0.0.1']).mockReturnValue(hanging);
    const addresses = addressesOf({ resolve, resolveMs: 10_000 });
    await addresses.whenKnown();
    clock.tick(5_000);
    expect(addresses.whenKnown()).toBeUndefined();
    clock.tick(5_000);
    expect(addresses.whenKnown()).toBeUndefined();
    clock.tick(1_000);
    expect(addresses.whenKnown()).toBeUndefined();
    expect(resolve).toHaveBeenCalledTimes(3);
  });

  it.each([
    ['an empty answer', async () => []],
    ['ENOTFOUND', () => Promise.reject(dnsError('ENOTFOUND'))],
  ])('are none after %s, and each call asks again', async (_, answer) => {
    const resolve = vi.fn<() => Promise<string[]>>().mockResolvedValueOnce(['10.0.0.1']).mockImplementationOnce(answer);
    resolve.mockResolvedValue(['10.0.0.2']);
    const addresses = addressesOf({ resolve });
    await addresses.whenKnown();
    clock.tick(10_000);
    await expect(addresses.whenKnown()).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(namesOf(addresses)).toEqual([]);
    await addresses.whenKnown();
    expect(namesOf(addresses)).toEqual(['10.0.0.2']);
  });

  it('fail with what says what is wrong, where an app returns none', async () => {
    const wrong = addressesOf({ resolve: async () => ['orders-1'] });
    await expect(wrong.whenKnown()).rejects.toThrow(
      "addresses.resolve: expected IP addresses, as '10.0.0.7' or '10.0.0.7:8080', got orders-1",
    );
    const none = addressesOf({ resolve: (() => ({})) as never });
    await expect(none.whenKnown()).rejects.toThrow('addresses.resolve: expected an array of IP addresses, got object');
  });

  it('of both families are pairs, that of the family first that the system prefers', async () => {
    const answers = ['fd00::2', '10.0.0.2', '10.0.0.1', 'fd00::1', '10.0.0.3'];
    const resolveHost: ResolveHost = (_host, _options, callback) =>
      callback(
        null,
        answers.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    const addresses = addressesOf(true, { resolveHost });
    await addresses.whenKnown();
    expect(addresses.set.all.map(({ name, ips }) => [name, ips.map(({ address }) => address)])).toEqual([
      ['fd00::1', ['fd00::1', '10.0.0.1']],
      ['fd00::2', ['fd00::2', '10.0.0.2']],
      ['10.0.0.3', ['10.0.0.3']],
    ]);
  });

  it('are only those that the guard admits', async () => {
    const guard = addressGuard({ ...GUARD_DEFAULTS, allowPorts: [8_080] });
    const resolve = vi.fn(async () => ['10.0.0.1', '93.184.216.34']);
    const addresses = addressesOf({ resolve }, { guard });
    await addresses.whenKnown();
    expect(namesOf(addresses)).toEqual(['93.184.216.34']);
    resolve.mockResolvedValue(['10.0.0.1']);
    clock.tick(10_000);
    await expect(addresses.whenKnown()).rejects.toThrow(AddressRefusal);
  });
});
