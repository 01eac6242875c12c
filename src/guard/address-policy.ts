import { addressRange, groupsOf, type IpAddress, ipAddress, lastIpv4 } from './ip-address.js';
import { GLOBAL_UNICAST_V6, SPECIAL_RANGES, STAND_FOR_IPV4 } from './special-ranges.js';

export interface AddressPolicySettings {
  /** Ranges that are let through although they are special. */
  readonly allowCidrs: readonly string[];
  /** Ranges that are refused, whatever else lets them through. */
  readonly blockCidrs: readonly string[];
}

/** Why an address is refused. */
export interface RefusedRange {
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
export type AddressPolicy = (address: string, isTrusted: boolean) => RefusedRange | undefined;

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
