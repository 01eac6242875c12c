import type { InternalAxiosRequestConfig } from 'axios';
import { AxiosError } from 'axios';
import { environmentProxies } from '../policies/environment-proxies.js';
import { proxyUrl } from '../policies/proxy-url.js';
import { isPolluted } from '../prototype-pollution.js';
import type { ExchangeRequest } from './client-request.js';
import { type RequestTarget, targetOf, urlOf } from './request-target.js';

const VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);
const MAX_CACHED_ORIGINS = 1_000;

/** Finds the proxy that an exchange goes through. */
export type ProxyFinder = (config: InternalAxiosRequestConfig, target: RequestTarget) => URL | undefined;

/**
 * The proxy of the call's `proxy`, or else the environment's as it is now. It is the one place where that is decided: for calls of both
 * schemes, redirects, and what is left to axios's adapter on the pool's agents. What the environment says of an origin is found out once:
 * to read it for each call would cost more than the call.
 */
export function proxyFinder(env: NodeJS.ProcessEnv): ProxyFinder {
  const ofEnvironment = environmentProxies(env);
  /** Origin → its proxy. */
  const found = new Map<string, URL | undefined>();
  return ({ proxy }, target) => {
    if (proxy === false || target.socketPath !== undefined) return undefined;
    if (proxy) return proxyUrl(proxy);
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
      ...(credentials && { 'Proxy-Authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }),
      ...(!hasHost && { host: target.port ? `${host}:${target.port}` : host }),
    },
  };
}
