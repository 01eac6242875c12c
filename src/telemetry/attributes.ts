import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { hostAddress } from '../base/host-address.js';
import { OriginMap } from '../base/origin-map.js';
import { portOf, withoutBrackets } from '../base/url-parts.js';
import type { Call } from '../call/call.js';
import { requestTarget, urlOf } from '../call/target.js';
import { canParse } from '../base/can-parse.js';
import { REDACTED, type RedactionRules } from '../redaction/rules.js';
import { addressOf, joinedUrl, redactUrl } from '../redaction/url.js';

/**
 * What the semantic conventions for HTTP say of a request, without anything of OpenTelemetry:
 * https://opentelemetry.io/docs/specs/semconv/http/
 */

/** RFC 9110 §9, RFC 5789, and QUERY (draft-ietf-httpbis-safe-method-w-body). */
const METHODS = ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE'];

/** The conventions demand that this variable may set others. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(
  process.env['OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS']?.split(',').map((method) => method.trim()) ?? METHODS,
);

/** Stands for whatever is not known, lest everybody who makes up a method make up a time series. */
export const OTHER = '_OTHER';

/** `http.request.method`. */
export const knownMethod = (method: string): string => (KNOWN_METHODS.has(method) ? method : OTHER);

/** Attributes by their names. */
export type HttpAttributes = Record<string, string | number>;

/** `server.address` and `server.port`. A socket path has no port, an address that is none has neither. */
export type ServerAttributes = Readonly<HttpAttributes>;

/** Origin → its attributes. Parsing a URL takes 1.5 us. */
const servers = new OriginMap(parsedServer);

/** @param origin of a call, or of a socket */
export const serverAttributes = (origin: string): ServerAttributes => servers.get(origin);

function parsedServer(origin: string): ServerAttributes {
  if (origin.startsWith('unix:')) return { 'server.address': origin.slice('unix:'.length) };
  if (!canParse(origin)) return {};
  const url = new URL(origin);
  return { 'server.address': withoutBrackets(url.hostname), 'server.port': portOf(url) };
}

/** @param address of an origin: an IP, maybe with a port */
export function peerAddressAttributes(address: string): HttpAttributes {
  const { ip = address, port } = hostAddress(address) ?? {};
  return { 'network.peer.address': ip, ...(port !== undefined && { 'network.peer.port': port }) };
}

/** What requests are counted by. */
export function requestAttributes(method: string, origin: string, urlTemplate: string | undefined): HttpAttributes {
  const attributes: HttpAttributes = { 'http.request.method': knownMethod(method), ...serverAttributes(origin) };
  if (urlTemplate) attributes['url.template'] = urlTemplate;
  return attributes;
}

/** The name of a request's span. Never its path: there are as many as there are resources. */
export function spanName(method: string, urlTemplate: string | undefined): string {
  const known = knownMethod(method);
  const verb = known === OTHER ? 'HTTP' : known;
  return urlTemplate ? `${verb} ${urlTemplate}` : verb;
}

/** What axios refuses a status with. */
const REFUSED: ReadonlySet<unknown> = new Set(['ERR_BAD_REQUEST', 'ERR_BAD_RESPONSE']);

/**
 * `error.type`: a status from 400 on, whether or not `validateStatus` accepts it; else the code of an error, as `ECONNREFUSED`, or its
 * class. A redirect that is not followed is no error, unless there is another.
 * @returns undefined where all went well
 */
export function errorType(status: number | undefined, error: unknown): string | undefined {
  if (status !== undefined && status >= 400) return String(status);
  if (error === undefined) return undefined;
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  if (status !== undefined && status >= 300 && REFUSED.has(code)) return undefined;
  if (typeof code === 'string' && code !== '') return code;
  return typeof name === 'string' && name !== '' ? name : OTHER;
}

/** Whom a request was really sent to, which may be a proxy, and in which version, as far as that is known. */
export function peerAttributes(response: AxiosResponse | undefined, error: unknown): HttpAttributes {
  const attributes: HttpAttributes = {};
  const request = (response?.request ?? (error as { request?: unknown } | undefined)?.request) as
    (Partial<ClientRequest> & { res?: IncomingMessage }) | null | undefined;
  const { remoteAddress, remotePort } = request?.socket ?? {};
  if (remoteAddress !== undefined) attributes['network.peer.address'] = remoteAddress;
  if (remotePort !== undefined) attributes['network.peer.port'] = remotePort;
  const version = request?.res?.httpVersion;
  if (version) attributes['network.protocol.version'] = version === '2.0' ? '2' : version; // as the conventions have it
  return attributes;
}

/** An address that is the same once it is parsed, but for its origin, and has nothing in it that may be a secret. */
const PLAIN_ADDRESS = /^https?:\/\/[a-z\d.-]+(?::\d+)?((?:\/[\w~-][\w.~-]*)*\/?)$/;

/**
 * `url.full`: where a call goes, parameters included, without user and password, and with REDACTED for what is secret, as the
 * conventions have it.
 */
export function fullUrl({ config, origin }: Pick<Call, 'config' | 'origin'>, rules: RedactionRules): string {
  const { baseURL, url, allowAbsoluteUrls, params, socketPath } = config;
  if (!params && !socketPath && typeof url === 'string' && origin.startsWith('http')) {
    const [address, path] = PLAIN_ADDRESS.exec(joinedUrl(baseURL, url, allowAbsoluteUrls)) ?? [];
    if (address !== undefined && !address.includes('eyJ')) return origin + (path || '/'); // a third of the time
  }
  const target = targetOf(config);
  return target === undefined ? addressOf(config, rules) : redactUrl(target, rules).replaceAll(REDACTED, 'REDACTED');
}

/** The transport is about to fail with what this ignores. */
function targetOf(config: InternalAxiosRequestConfig): string | undefined {
  try {
    const target = requestTarget(config);
    return target && urlOf(target);
  } catch {
    return undefined;
  }
}
