import { AxiosError, type AxiosProxyConfig, type InternalAxiosRequestConfig } from 'axios';
import { getProxyForUrl } from 'proxy-from-env';
import { isPolluted } from '../prototype-pollution.js';
import type { ExchangeRequest } from './client-request.js';
import { type RequestTarget, targetOf, urlOf } from './request-target.js';

const inEitherCase = (name: string) => [name, name.toUpperCase()];
const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy'].flatMap(inEitherCase);
const VARIABLES = [...PROXY_VARIABLES, ...inEitherCase('no_proxy')];
const MAX_CACHED_ORIGINS = 1_000;

/** Finds the proxy that an exchange goes through. */
export type ProxyFinder = (config: InternalAxiosRequestConfig, target: RequestTarget) => URL | undefined;

/**
 * The proxy of the call's `proxy`, or else of HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in either case. Whether the
 * environment names one is found out once, and for each origin once: to read it for each call would cost more than the call.
 */
export function proxyFinder(env: NodeJS.ProcessEnv): ProxyFinder {
  const environmentHasProxy = PROXY_VARIABLES.some((name) => Object.hasOwn(env, name) && env[name]);
  /** Origin → its proxy. */
  const found = new Map<string, URL | undefined>();
  return ({ proxy }, { origin, socketPath }) => {
    if (proxy === false || socketPath !== undefined) return undefined;
    if (proxy) return supported(urlOfProxy(proxy));
    if (!environmentHasProxy) return undefined;
    if (!found.has(origin)) {
      checkEnvironment();
      if (found.size === MAX_CACHED_ORIGINS) found.clear();
      const address = getProxyForUrl(origin);
      found.set(origin, address ? supported(new URL(address)) : undefined);
    }
    return found.get(origin);
  };
}

/**
 * `process.env` seems to have what is on `Object.prototype`.
 * @throws AxiosError where that is a proxy: nobody knows whether the call should go through it, through another, or through none
 */
export function checkEnvironment(): void {
  if (!isPolluted() || !VARIABLES.some((name) => name in Object.prototype)) return;
  throw new AxiosError('Object.prototype has been given a proxy, or an exception from it', AxiosError.ERR_BAD_OPTION);
}

function urlOfProxy({ host, port, protocol = 'http', auth }: AxiosProxyConfig): URL {
  if (typeof host !== 'string') throw new AxiosError('Invalid proxy: it has no host', AxiosError.ERR_BAD_OPTION);
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const url = new URL(`${protocol.replace(/:$/, '')}://${name}${port ? `:${port}` : ''}`);
  if (auth) {
    if (!auth.username && !auth.password) {
      throw new AxiosError('Invalid proxy authorization', AxiosError.ERR_BAD_OPTION);
    }
    url.username = auth.username;
    url.password = auth.password;
  }
  return url;
}

/** @throws AxiosError for a proxy that speaks no HTTP, such as SOCKS */
function supported(proxy: URL): URL {
  const { protocol } = proxy;
  if (protocol === 'http:' || protocol === 'https:') return proxy;
  throw new AxiosError(`Unsupported proxy protocol ${protocol}, use http: or https:`, AxiosError.ERR_BAD_OPTION);
}

/** A request for http as a proxy takes it: to the proxy, with the whole URL for its path (RFC 9112 §3.2.2). */
export function forwardedRequest(request: ExchangeRequest, proxy: URL): ExchangeRequest {
  const { target, headers } = request;
  const { credentials, ...proxyTarget } = targetOf(proxy)!;
  const host = target.hostname.includes(':') ? `[${target.hostname}]` : target.hostname;
  const hasHost = Object.keys(headers).some((name) => name.toLowerCase() === 'host');
  return {
    ...request,
    target: { ...proxyTarget, credentials: '', path: urlOf(target) },
    headers: {
      ...headers,
      ...(credentials && { 'Proxy-Authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }),
      ...(!hasHost && { host: target.port ? `${host}:${target.port}` : host }),
    },
  };
}
