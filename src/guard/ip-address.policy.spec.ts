import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressPolicy, SPECIAL_RANGES } from './ip-address.js';

const none = { allowCidrs: [], blockCidrs: [] };
const policy = addressPolicy(none);
const ruleFor = (address: string) => policy(address, false)?.rule;

const dotted = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');
const toNumber = (address: string) => address.split('.').reduce((value, part) => value * 256 + Number(part), 0);

/** Membership by arithmetic, which shares nothing with BlockList. */
const isIn = (value: number, cidr: string) => {
  const [base, prefix] = cidr.split('/') as [string, string];
  const size = 2 ** (32 - Number(prefix));
  return Math.floor(value / size) === Math.floor(toNumber(base) / size);
};
const v4Ranges = Object.values(SPECIAL_RANGES)
  .flat()
  .filter((cidr) => cidr.includes('.') && !cidr.includes(':'));
const isSpecial = (value: number) => v4Ranges.some((cidr) => isIn(value, cidr));

const anyV4 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
/** As many within a special range, or next to one, as elsewhere. */
const v4 = fc.oneof(
  anyV4,
  fc.constantFrom(...v4Ranges).chain((cidr) => {
    const [base, prefix] = cidr.split('/') as [string, string];
    const size = 2 ** (32 - Number(prefix));
    return fc
      .integer({ min: -2, max: size + 1 })
      .map((offset) => Math.min(2 ** 32 - 1, Math.max(0, toNumber(base) + offset)));
  }),
);

const hex = (value: number) => value.toString(16);
const halves = (value: number) => [Math.floor(value / 65_536), value % 65_536] as const;

/** Every way that the URL parser takes an IPv4 address to be written (WHATWG URL §3.5). */
const spelledV4 = (value: number): fc.Arbitrary<string> => {
  const part = (number: number) =>
    fc.constantFrom(
      String(number),
      `0x${hex(number)}`,
      `0X${hex(number).toUpperCase()}`,
      `0${number.toString(8)}`,
      `0x000${hex(number)}`,
    );
  const bytes = dotted(value).split('.').map(Number) as [number, number, number, number];
  const [a, b, c, d] = bytes;
  const groups = fc.constantFrom([value], [a, value % 2 ** 24], [a, b, c * 256 + d], bytes);
  return groups.chain((numbers) =>
    fc
      .tuple(fc.tuple(...numbers.map(part)), fc.constantFrom('.', '。', '．', '｡'), fc.constantFrom('', '.'))
      .map(([parts, dot, end]) => parts.join(dot) + end),
  );
};

const hostOf = (written: string) => new URL(`http://${written}/`).hostname.replace(/^\[|\]$/g, '');

describe('addressPolicy', () => {
  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '169.253.255.255',
    '169.255.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.0',
    '192.0.3.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '168.63.129.17',
    '2606:4700:4700::1111',
    '2001:4860:4860::8888',
    '2400::1',
    '2a00:1450::1',
    '2001:200::1',
    '3ffe::1',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    '2600::5eff:1.2.3.4',
    '2001:db7::1',
    '2003::1',
  ])('lets %s through', (address) => {
    expect(ruleFor(address)).toBeUndefined();
  });

  it('refuses exactly the special IPv4 addresses', () => {
    fc.assert(
      fc.property(v4, (value) => {
        expect(ruleFor(dotted(value)) !== undefined).toBe(isSpecial(value));
      }),
      { numRuns: 2_000 },
    );
  });

  it('says the same of an IPv4 address however a URL spells it', () => {
    const spelled = v4.chain((value) => spelledV4(value).map((written) => [value, written] as const));
    fc.assert(
      fc.property(spelled, ([value, written]) => {
        expect(ruleFor(hostOf(written))).toBe(ruleFor(dotted(value)));
      }),
      { numRuns: 2_000 },
    );
  });

  it('says the same of an IPv6 address that stands for it', () => {
    fc.assert(
      fc.property(v4, fc.boolean(), (value, upperCase) => {
        const [high, low] = halves(value);
        const rule = ruleFor(dotted(value));
        const words = `${hex(high)}:${hex(low)}`;
        for (const prefix of ['::ffff:', '0:0:0:0:0:ffff:', '0000:0000:0000::ffff:', '64:ff9b::', '64:ff9b:0:0:0:0:']) {
          for (const tail of [words, dotted(value)]) {
            const written = upperCase ? (prefix + tail).toUpperCase() : prefix + tail;
            expect(ruleFor(written)).toBe(rule);
            expect(ruleFor(hostOf(`[${written}]`))).toBe(rule);
          }
        }
      }),
    );
  });

  it('refuses an IPv6 address that carries any IPv4 address in a tunnel', () => {
    fc.assert(
      fc.property(anyV4, fc.integer({ min: 0, max: 0xffff }), (value, group) => {
        const [high, low] = halves(value);
        const words = `${hex(high)}:${hex(low)}`;
        expect(ruleFor(`2002:${words}::${hex(group)}`)).toBe('6to4');
        expect(ruleFor(`2001:0:${words}:8000:${hex(group)}:${words}`)).toBe('Teredo');
        expect(ruleFor(`2600:${hex(group)}::5efe:${words}`)).toBe('ISATAP');
        expect(ruleFor(`2600:${hex(group)}::200:5efe:${words}`)).toBe('ISATAP');
        expect(ruleFor(`64:ff9b:1:${hex(group)}::${words}`)).toBe('local NAT64');
        if (value > 1) expect(ruleFor(`::${words}`)).toBe('IPv4-compatible');
      }),
    );
  });

  it('refuses every IPv6 address outside what is given out for unicast', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(fc.tuple(group, group, group, group, group, group, group, group), (groups) => {
        const isGivenOut = groups[0] >> 13 === 1;
        const address = groups.map(hex).join(':');
        if (!isGivenOut) expect(ruleFor(address)).toBeDefined();
        expect(ruleFor(address)).toBe(ruleFor(hostOf(`[${address}]`)));
        expect(ruleFor(address)).toBe(ruleFor(address.toUpperCase()));
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves a zone out', () => {
    expect(ruleFor('fe80::1%eth0')).toBe('link-local');
    expect(ruleFor('::1%1')).toBe('loopback');
  });

  it.each([[''], ['example.com'], ['127.1'], ['0177.0.0.1'], ['::g'], ['10.0.0.1/8'], ['[::1]'], ['1.1.1.1 ']])(
    'refuses %j, which is no IP address',
    (text) => {
      expect(ruleFor(text)).toBe('not an IP address');
    },
  );

  it('lets allowed ranges through, in each spelling of their addresses', () => {
    const allows = addressPolicy({ ...none, allowCidrs: ['10.1.0.0/16', 'fd00::/8', '64:ff9b:1::/48'] });
    for (const address of [
      '10.1.2.3',
      '::ffff:10.1.2.3',
      '::ffff:a01:203',
      '64:ff9b::a01:203',
      'fd00::1',
      '64:ff9b:1::1',
    ]) {
      expect(allows(address, false)).toBeUndefined();
    }
    for (const address of ['10.2.0.0', '::ffff:10.2.0.0', 'fc00::1', '127.0.0.1', '64:ff9b:2::1']) {
      expect(allows(address, false)).toBeDefined();
    }
  });

  it('lets the addresses of trusted hosts through', () => {
    expect(policy('127.0.0.1', true)).toBeUndefined();
    expect(policy('not an address', true)).toBeDefined();
  });

  it('refuses blocked ranges whatever else lets them through, and says which', () => {
    const blocks = addressPolicy({
      allowCidrs: ['0.0.0.0/0', '::/0'],
      blockCidrs: ['8.8.0.0/16', '2600::/12', '10.0.0.0/8'],
    });
    expect(blocks('8.8.8.8', true)).toEqual({ rule: 'blockCidrs', cidr: '8.8.0.0/16' });
    expect(blocks('::ffff:8.8.8.8', false)).toEqual({ rule: 'blockCidrs', cidr: '8.8.0.0/16' });
    expect(blocks('2600::1', false)).toEqual({ rule: 'blockCidrs', cidr: '2600::/12' });
    expect(blocks('10.1.1.1', false)).toEqual({ rule: 'blockCidrs', cidr: '10.0.0.0/8' });
    expect(blocks('9.9.9.9', false)).toBeUndefined();
  });

  it('takes a range of IPv6 for that, and one that IPv4 stands in by its IPv6 spelling', () => {
    expect(addressPolicy({ ...none, blockCidrs: ['::/0'] })('8.8.8.8', false)).toBeUndefined();
    expect(addressPolicy({ ...none, blockCidrs: ['0.0.0.0/0'] })('2600::1', false)).toBeUndefined();
    expect(addressPolicy({ ...none, blockCidrs: ['64:ff9b::/96'] })('64:ff9b::808:808', false)).toBeDefined();
  });
});
