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
