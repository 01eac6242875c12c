import { isIPv4 } from 'node:net';
import { domainToASCII } from 'node:url';
import { type AddressRange, addressRange, type IpAddress, ipAddress, isCidr, lastIpv4 } from '../guard/ip-address.js';

/** A request's host, as `URL` has it, without brackets, and its port. */
export interface ProxiedHost {
  readonly hostname: string;
  readonly port: number;
}

/** Whether an exchange goes straight to a host, although there is a proxy. */
export type NoProxy = (host: ProxiedHost) => boolean;

/** A host in the forms that entries are compared with. */
interface Candidate {
  /** With brackets, and dots at its end. */
  readonly written: string;
  readonly name: string;
  readonly address: IpAddress | undefined;
  readonly port: number;
}

type Entry = (candidate: Candidate) => boolean;

const MAPPED = addressRange(['::ffff:0:0/96']);
const MAPPED_PREFIX = 96;
/** An unspecified address connects to this machine. */
const LOOPBACK = addressRange(['127.0.0.0/8', '0.0.0.0/32', '::1/128', '::/128']);

/**
 * Reads NO_PROXY as axios does: hosts, `.suffix`, `*suffix` and address ranges, each of them with or without a port, with commas or white space
 * between them. One name of this machine's loopback stands for all of them. axios does not export its own reading:
 * https://github.com/axios/axios/blob/v1.x/lib/helpers/shouldBypassProxy.js, on top of that of proxy-from-env.
 */
export function noProxy(list: string): NoProxy {
  const entries = list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(entryOf);
  return ({ hostname, port }) => {
    if (entries.length === 0) return false;
    const name = canonicalHost(hostname);
    const written = hostname.includes(':') ? `[${hostname}]` : hostname;
    const candidate = { written, name, address: ipAddress(name), port };
    return entries.some((matches) => matches(candidate));
  };
}

function entryOf(text: string): Entry {
  if (text.includes('/')) return rangeEntry(text);
  const [, inBrackets, bracketedPort, plain, plainPort] =
    /^(?:\[([^\]]*)\](?::(\d+)$)?|([^:]*):(\d+)$)/.exec(text) ?? [];
  const host = inBrackets ?? plain ?? text;
  const port = Number(bracketedPort ?? plainPort ?? 0);
  const matches = hostEntry(inBrackets === undefined ? host : `[${host}]`, canonicalHost(host));
  return port === 0 ? matches : (candidate) => candidate.port === port && matches(candidate);
}

function hostEntry(written: string, canonical: string): Entry {
  const name = canonical.startsWith('*') ? canonical.slice(1) : canonical;
  const matches = name.startsWith('.') ? suffixEntry(name) : nameEntry(name);
  if (!/^[*.]/.test(written)) return matches;
  const suffix = written.startsWith('*') ? written.slice(1) : written;
  return (candidate) => candidate.written.endsWith(suffix) || matches(candidate);
}

const suffixEntry =
  (suffix: string): Entry =>
  ({ name }) =>
    name.endsWith(suffix);

function nameEntry(expected: string): Entry {
  const isLocal = isLoopback(expected, ipAddress(expected));
  return ({ name, address }) => (name === expected && name !== '') || (isLocal && isLoopback(name, address));
}

const isLoopback = (name: string, address: IpAddress | undefined) =>
  name === 'localhost' || (address !== undefined && LOOPBACK.has(address));

/** One that is no range, or has host bits of another family, matches nothing. */
function rangeEntry(text: string): Entry {
  const range = rangeOf(text);
  return ({ address }) => address !== undefined && range?.has(address) === true;
}

function rangeOf(text: string): AddressRange | undefined {
  const [, plain, inBrackets, bits] = /^(?:([^[\]]+)|\[([^[\]]*:[^[\]]*)\])\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const written = plain ?? inBrackets;
  if (written === undefined || written.endsWith('.')) return undefined;
  const base = canonicalHost(written);
  const isMapped = written.includes(':') && isIPv4(base);
  const prefix = isMapped ? Number(bits) - MAPPED_PREFIX : Number(bits);
  const cidr = `${base}/${prefix}`;
  return isCidr(cidr) ? addressRange([cidr]) : undefined;
}

/** Two to four numbers, in decimal, octal or hexadecimal. */
const WRITTEN_IPV4 = /^(?:(?:0x[\da-f]+|\d+)\.){1,3}(?:0x[\da-f]+|\d+)$/;

/** The one spelling of a host, in lower case and without brackets; of an IPv4-mapped address that of the IPv4 address. */
function canonicalHost(text: string): string {
  const host = text.replace(/\.+$/, '');
  if (host.includes(':')) return canonicalIpv6(host);
  // oxlint-disable-next-line no-control-regex
  const name = /[^\u0000-\u007f]/.test(host) ? canonicalName(host) : host;
  if (!WRITTEN_IPV4.test(name) || !URL.canParse(`http://${name}/`)) return name;
  return new URL(`http://${name}/`).hostname;
}

function canonicalIpv6(host: string): string {
  if (!URL.canParse(`http://[${host}]/`)) return host;
  const text = new URL(`http://[${host}]/`).hostname.slice(1, -1);
  const address = ipAddress(text)!;
  return MAPPED.has(address) ? lastIpv4(address).text : text;
}

function canonicalName(host: string): string {
  const [prefix] = /^[*.]*/.exec(host)!;
  const ascii = domainToASCII(host.slice(prefix.length)).replace(/\.+$/, '');
  return ascii && prefix + ascii;
}
