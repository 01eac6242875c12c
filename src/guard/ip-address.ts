import { BlockList, isIP } from 'node:net';

/** An address as `BlockList.check` takes it. */
export interface IpAddress {
  readonly text: string;
  readonly family: 'ipv4' | 'ipv6';
}

/** @returns undefined for what is no IP address, such as a name. A zone (`fe80::1%eth0`) is left out. */
export function ipAddress(text: string): IpAddress | undefined {
  const family = isIP(text);
  if (family === 0) return undefined;
  return family === 4 ? { text, family: 'ipv4' } : { text: text.replace(/%.*$/s, ''), family: 'ipv6' };
}

/** A set of addresses. */
export interface AddressRange {
  has(address: IpAddress): boolean;
}

/**
 * The addresses of ranges in CIDR notation, each of its own family only: to BlockList, `::/0` has IPv4 addresses as well.
 * @throws RangeError for one that `isCidr` refuses
 */
export function addressRange(cidrs: readonly string[]): AddressRange {
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const cidr of cidrs) {
    const parts = partsOf(cidr);
    if (!parts) throw new RangeError(`no address range: ${cidr}`);
    lists[parts.address.family].addSubnet(parts.address.text, parts.prefix, parts.address.family);
  }
  return { has: ({ text, family }) => lists[family].check(text, family) };
}

/** Whether it is a range such as 10.0.0.0/8 or fd00::/8. */
export function isCidr(text: string): boolean {
  return partsOf(text) !== undefined;
}

function partsOf(cidr: string): { readonly address: IpAddress; readonly prefix: number } | undefined {
  const [, written = '', bits] = /^([\da-f.:]+)\/(\d{1,3})$/i.exec(cidr) ?? [];
  const address = ipAddress(written);
  const prefix = Number(bits);
  if (!address || prefix > (address.family === 'ipv4' ? 32 : 128)) return undefined;
  return { address, prefix };
}

/** The eight 16-bit groups of an IPv6 address. */
export function groupsOf({ text }: IpAddress): readonly number[] {
  // A URL has one spelling of it, without an IPv4 address at its end (https://url.spec.whatwg.org/#concept-ipv6-serializer).
  const [head = '', tail] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split('::');
  const left = groupsIn(head);
  const right = groupsIn(tail ?? '');
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}

const groupsIn = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));

/** The IPv4 address in the last 32 bits of an IPv6 address. */
export function lastIpv4(address: IpAddress): IpAddress {
  const [high, low] = groupsOf(address).slice(6) as [number, number];
  return { text: [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.'), family: 'ipv4' };
}

/**
 * Rule → the ranges that it refuses: what the IANA registries of special-purpose addresses do not list as globally reachable
 * (RFC 6890; https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry), multicast, and the
 * ranges whose addresses have an IPv4 address in them that somebody on the way may unpack. The first that fits is named.
 */
export const SPECIAL_RANGES: Readonly<Record<string, readonly string[]>> = {
  unspecified: ['0.0.0.0/8', '::/128'], // RFC 1122 §3.2.1.3: systems take it for themselves
  loopback: ['127.0.0.0/8', '::1/128'],
  // 169.254.169.254 among it, where most clouds keep their metadata
  'link-local': ['169.254.0.0/16', 'fe80::/10'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'], // RFC 1918
  'unique local': ['fc00::/7'], // RFC 4193; fd00:ec2::254 and fd20:ce::254 serve metadata
  'site-local': ['fec0::/10'], // RFC 3879
  'shared address space': ['100.64.0.0/10'], // RFC 6598; 100.100.100.200 serves metadata
  // A public address that every virtual machine of Azure reaches: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
  'cloud platform': ['168.63.129.16/32'],
  broadcast: ['255.255.255.255/32'],
  multicast: ['224.0.0.0/4', 'ff00::/8'],
  documentation: ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20'], // RFC 5737, 3849, 9637
  benchmarking: ['198.18.0.0/15', '2001:2::/48'], // RFC 2544, 5180
  // RFC 4291 §2.5.5.1, deprecated
  'IPv4-compatible': ['::/96'],
  // RFC 8215: where in it the IPv4 address is depends on the network
  'local NAT64': ['64:ff9b:1::/48'],
  '6to4': ['2002::/16', '192.88.99.0/24'], // RFC 3056, 7526
  Teredo: ['2001::/32'], // RFC 4380
  reserved: ['192.0.0.0/24', '240.0.0.0/4', '2001::/23'], // RFC 6890, 1112, 2928
};

/** All that IANA has given out for unicast so far (RFC 4291 §2.4): whatever else there is in IPv6 is reserved. */
const GLOBAL_UNICAST_V6 = '2000::/3';

/**
 * Ranges whose addresses stand for the IPv4 address in their last 32 bits, and are judged as that: IPv4-mapped (RFC 4291
 * §2.5.5.2), which a socket for both families shows, and NAT64 (RFC 6052 §2.1), by which networks without IPv4 reach it.
 */
const STAND_FOR_IPV4: readonly string[] = ['::ffff:0:0/96', '64:ff9b::/96'];

interface AddressPolicySettings {
  /** Ranges that are let through although they are special. */
  readonly allowCidrs: readonly string[];
  /** Ranges that are refused, whatever else lets them through. */
  readonly blockCidrs: readonly string[];
}

/** Why an address is refused. */
interface RefusedRange {
  /** `blockCidrs`, or a name of SPECIAL_RANGES. */
  readonly rule: string;
  /** Which of `blockCidrs` it is. */
  readonly cidr?: string;
}

/**
 * Whether an address may be connected to.
 * @param address an IPv4 or IPv6 address in any spelling that `net.isIP` takes; a zone is ignored
 * @param isTrusted whether its host may have special addresses
 * @returns undefined: it may
 */
type AddressPolicy = (address: string, isTrusted: boolean) => RefusedRange | undefined;

const special = Object.entries(SPECIAL_RANGES).map(([rule, cidrs]) => ({ rule, range: addressRange(cidrs) }));
/** Most addresses are in none, which this finds out at once. */
const anySpecial = addressRange(Object.values(SPECIAL_RANGES).flat());
const globalUnicast = addressRange([GLOBAL_UNICAST_V6]);
const standsForIpv4 = addressRange(STAND_FOR_IPV4);

/** Blocked ranges come first, then trusted hosts and allowed ranges, then the special ranges. What is no IP address is refused. */
export function addressPolicy({ allowCidrs, blockCidrs }: AddressPolicySettings): AddressPolicy {
  const allowed = addressRange(allowCidrs);
  const blocked = blockCidrs.map((cidr) => ({ cidr, range: addressRange([cidr]) }));
  return (text, isTrusted) => {
    const written = ipAddress(text);
    if (!written) return { rule: 'not an IP address' };
    const address = standsForIpv4.has(written) ? lastIpv4(written) : written;
    for (const { cidr, range } of blocked) {
      if (range.has(address) || range.has(written)) return { rule: 'blockCidrs', cidr };
    }
    if (isTrusted || allowed.has(address) || allowed.has(written)) return undefined;
    const rule = specialRule(address);
    return rule === undefined ? undefined : { rule };
  };
}

function specialRule(address: IpAddress): string | undefined {
  if (anySpecial.has(address)) return special.find(({ range }) => range.has(address))!.rule;
  if (address.family === 'ipv4') return undefined;
  if (!globalUnicast.has(address)) return 'reserved';
  return isIsatap(address) ? 'ISATAP' : undefined;
}

/** RFC 5214 §6.1: an interface identifier 0:5efe or 200:5efe, then an IPv4 address that a router unpacks. */
function isIsatap(address: IpAddress): boolean {
  const [, , , , flags, tag] = groupsOf(address);
  return (flags! & ~0x0200) === 0 && tag === 0x5efe;
}
