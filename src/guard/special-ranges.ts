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
export const GLOBAL_UNICAST_V6 = '2000::/3';

/**
 * Ranges whose addresses stand for the IPv4 address in their last 32 bits, and are judged as that: IPv4-mapped (RFC 4291
 * §2.5.5.2), which a socket for both families shows, and NAT64 (RFC 6052 §2.1), by which networks without IPv4 reach it.
 */
export const STAND_FOR_IPV4: readonly string[] = ['::ffff:0:0/96', '64:ff9b::/96'];
