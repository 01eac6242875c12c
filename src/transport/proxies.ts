import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { isIPv4 } from 'node:net';
import { domainToASCII } from 'node:url';
import { basicAuthorization } from '../base/http-rules.js';
import { isPolluted } from '../base/prototype-pollution.js';
import { proxyUrl, proxyUrlIn } from '../base/proxy-url.js';
import { defaultPort } from '../base/url-parts.js';
import { type RequestTarget, targetOf, urlOf } from '../call/target.js';
import { type AddressRange, addressRange, type IpAddress, ipAddress, isCidr, lastIpv4 } from '../guard/ip-address.js';
import { canParse } from '../base/can-parse.js';
import type { ExchangeRequest } from './request.js';

/** A request's host, as `URL` has it, without brackets, and its port. */
interface ProxiedHost {
  readonly hostname: string;
  readonly port: number;
}

/** Whether an exchange goes straight to a host, although there is a proxy. */
type NoProxy = (host: ProxiedHost) => boolean;

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
function noProxy(list: string): NoProxy {
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
  if (!WRITTEN_IPV4.test(name) || !canParse(`http://${name}/`)) return name;
  return new URL(`http://${name}/`).hostname;
}

function canonicalIpv6(host: string): string {
  if (!canParse(`http://[${host}]/`)) return host;
  const text = new URL(`http://[${host}]/`).hostname.slice(1, -1);
  const address = ipAddress(text)!;
  return MAPPED.has(address) ? lastIpv4(address).text : text;
}

function canonicalName(host: string): string {
  const [prefix] = /^[*.]*/.exec(host)!;
  const ascii = domainToASCII(host.slice(prefix.length)).replace(/\.+$/, '');
  return ascii && prefix + ascii;
}

/** What is about to be called: its host as `URL` has it, without brackets, and its port, empty for the scheme's own. */
interface ProxiedTarget {
  readonly secure: boolean;
  readonly hostname: string;
  readonly port: string;
}

/**
 * The proxy that the environment has for a target.
 * @throws AxiosError for a variable that names no proxy which speaks HTTP
 */
type EnvironmentProxies = (target: ProxiedTarget) => URL | undefined;

/** A variable's name, in the case that was found, and what it says. */
type Variable = readonly [name: string, value: string];

/**
 * HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in either case, as they are now: what changes later makes no difference. The lower case
 * comes first, as with curl and axios.
 * @returns undefined where no target has a proxy
 */
function environmentProxies(env: Readonly<Record<string, string | undefined>>): EnvironmentProxies | undefined {
  const all = variable(env, 'all_proxy');
  const http = variable(env, 'http_proxy') ?? all;
  const https = variable(env, 'https_proxy') ?? all;
  if (!http && !https) return undefined;
  const goesStraight = noProxy(variable(env, 'no_proxy')?.[1] ?? '');
  return ({ secure, hostname, port }) => {
    const named = secure ? https : http;
    if (!named || goesStraight({ hostname, port: Number(port) || defaultPort(secure) })) return undefined;
    return proxyUrlIn(...named, secure ? 'https' : 'http');
  };
}

function variable(env: Readonly<Record<string, string | undefined>>, lowerCase: string): Variable | undefined {
  for (const name of [lowerCase, lowerCase.toUpperCase()]) {
    const value = Object.hasOwn(env, name) ? env[name] : undefined; // not what is on Object.prototype
    if (value) return [name, value];
  }
  return undefined;
}

const VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);
const MAX_CACHED_ORIGINS = 1_000;

/** Finds the proxy that an exchange goes through. */
export type ProxyFinder = (config: InternalAxiosRequestConfig, target: RequestTarget) => URL | undefined;

/**
 * The proxy of the call's `proxy`, or else the environment's as it is now. It is the one place where that is decided: for calls of both
 * schemes, redirects, and what is left to axios's adapter on the pool's agents. What the environment says of an origin is found out once:
 * to read it for each call would cost more than the call.
 * @param only the proxy in place of any that a call names; null: none. Where there is a guard, it has judged what the call says, which
 * code that runs later could change
 */
export function proxyFinder(env: NodeJS.ProcessEnv, only?: URL | null): ProxyFinder {
  const ofEnvironment = environmentProxies(env);
  /** Origin → its proxy. */
  const found = new Map<string, URL | undefined>();
  return ({ proxy }, target) => {
    if (proxy === false || target.socketPath !== undefined) return undefined;
    if (proxy && only !== null) return only ?? proxyUrl(proxy);
    if (!ofEnvironment) return undefined;
    const { origin } = target;
    if (!found.has(origin)) {
      const address = ofEnvironment(target);
      if (found.size === MAX_CACHED_ORIGINS) found.clear();
      found.set(origin, address);
    }
    return found.get(origin);
  };
}

/**
 * `process.env` seems to have what is on `Object.prototype`, to axios's adapter as well where it reads the environment itself.
 * @throws AxiosError where that is a proxy: nobody knows whether the call should go through it, through another, or through none
 */
export function checkEnvironment(): void {
  if (!isPolluted() || !VARIABLES.some((name) => name in Object.prototype)) return;
  throw new AxiosError('Object.prototype has been given a proxy, or an exception from it', AxiosError.ERR_BAD_OPTION);
}

type Forwarded = Pick<ExchangeRequest, 'target' | 'headers'>;

/** A request for http as a proxy takes it: to the proxy, with the whole URL for its path (RFC 9112 §3.2.2). */
export function forwardedRequest<Request extends Forwarded>(request: Request, proxy: URL): Request {
  const { target, headers } = request;
  const { credentials, ...proxyTarget } = targetOf(proxy)!;
  const host = target.hostname.includes(':') ? `[${target.hostname}]` : target.hostname;
  const hasHost = Object.keys(headers).some((name) => name.toLowerCase() === 'host');
  return {
    ...request,
    target: { ...proxyTarget, credentials: '', path: urlOf(target) },
    headers: {
      ...headers,
      ...(credentials && { 'Proxy-Authorization': basicAuthorization(credentials) }),
      ...(!hasHost && { host: target.port ? `${host}:${target.port}` : host }),
    },
  };
}
