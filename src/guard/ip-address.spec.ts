import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addressRange, groupsOf, ipAddress, isCidr, lastIpv4 } from './ip-address.js';

it.each([['10.0.0.0/8'], ['0.0.0.0/0'], ['1.2.3.4/32'], ['::/0'], ['fd00::/8'], ['::1/128'], ['::ffff:10.0.0.0/104']])(
  '%s is a range',
  (text) => expect(isCidr(text)).toBe(true),
);

it.each([
  '',
  '10.0.0.0',
  '10.0.0.0/',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/8 ',
  '10.0/8',
  '::/129',
  '::1',
  '/8',
  '10.0.0.0/8/8',
  'example.com/8',
  '010.0.0.0/8',
  'fe80::1%eth0/64',
  '10.0.0.0/0x8',
  '10.0.0.0/8\n',
])('%j is none', (text) => {
  expect(isCidr(text)).toBe(false);
  expect(() => addressRange([text])).toThrow(RangeError);
});

it('knows the eight groups of an address in any spelling', () => {
  const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const text = groups.map((value) => value.toString(16)).join(':');
      const compressed = new URL(`http://[${text}]`).hostname.slice(1, -1);
      expect(groupsOf(ipAddress(text)!)).toEqual(groups);
      expect(groupsOf(ipAddress(compressed)!)).toEqual(groups);
    }),
  );
});

it('knows the IPv4 address at the end', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect(lastIpv4(ipAddress(`::ffff:${address}`)!)).toEqual({ text: address, family: 'ipv4' });
    }),
  );
});

it('has no address of one family in a range of the other', () => {
  expect(addressRange(['::/0']).has(ipAddress('8.8.8.8')!)).toBe(false);
  expect(addressRange(['0.0.0.0/0']).has(ipAddress('::ffff:8.8.8.8')!)).toBe(false);
});
