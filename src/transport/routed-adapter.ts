import { AxiosError, type AxiosProxyConfig, type InternalAxiosRequestConfig } from 'axios';
import { defaultPort } from '../base/url-parts.js';
import type { Call, Handler } from '../call/call.js';
import { type RequestTarget, requestTarget, targetOf } from '../call/target.js';
import { AddressBlockedError } from '../errors/refusal.errors.js';
import { AddressRefusal, UNGUARDED } from '../guard/address-guard.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { type BeforeRedirect, judgedTarget, type RedirectOptions, watchedHook } from './adapter-redirects.js';
import { delegate, type DelegateSettings, isHttp2, usesPool } from './axios-adapter.js';
import { type AdmissionSettings, admitThroughProxy, blockedError } from './guarded-target.js';
import { forwardedRequest, type ProxyFinder } from './proxies.js';
import type { RequestHeaders } from './request.js';

export type RoutedDelegateSettings = DelegateSettings & AdmissionSettings & { readonly pool: ConnectionPool };

/**
 * As `delegate`, through the proxies that `findProxy` finds, for each redirect anew: axios finds none by itself. A call that brings what
 * connects for it is on its own, as axios has it.
 * @throws AxiosError for an `httpVersion` other than 1: axios's HTTP/2 opens sessions that nobody here counts, judges or closes
 * @throws AddressBlockedError, where the pool has a guard, for what that refuses, and for a redirect from or to a target that an http proxy
 * forwards: nothing can be resolved between two hops
 */
export function routedDelegate(settings: RoutedDelegateSettings, findProxy: ProxyFinder): Handler {
  const { pool } = settings;
  const { guard } = pool;
  const onItsOwn = delegate(settings);

  /** What axios sends it with, in place of what the call says. */
  function routeOf(call: Call, proxy: URL | undefined, forwards: boolean): Partial<InternalAxiosRequestConfig> {
    const { config } = call;
    const own = watchedHook(call);
    const judging: BeforeRedirect = (options, ...details) => {
      if (forwards) throw new AddressRefusal('redirect through a proxy');
      aim(options, judgedTarget(guard!, options, own as BeforeRedirect | undefined, details), config);
    };
    const aiming: BeforeRedirect = (options, ...details) => {
      aim(options, targetOf(new URL(options['href'] as string)), config);
      (own as BeforeRedirect | undefined)?.(options, ...details);
    };
    return {
      ...(guard && NOTHING_UNGUARDED),
      ...agentsFor(proxy, forwards),
      proxy: forwards ? proxySettings(proxy!) : false,
      beforeRedirect: guard ? judging : aiming,
    };
  }

  function agentsFor(proxy: URL | undefined, forwards: boolean) {
    if (forwards) return { httpAgent: pool.proxyAgent(false), httpsAgent: pool.proxyAgent(true) };
    return { httpAgent: pool.httpAgent, httpsAgent: proxy ? pool.tunnelAgent(proxy) : pool.httpsAgent };
  }

  /** Has the next hop go through the proxy that is for it. */
  function aim(options: RedirectOptions, target: RequestTarget | undefined, config: InternalAxiosRequestConfig): void {
    if (!target) return; // follow-redirects has the error for it
    const proxy = findProxy(config, target);
    const forwards = proxy !== undefined && !target.secure;
    if (forwards && guard) throw new AddressRefusal('redirect through a proxy');
    const direct = { target, headers: withoutHopHeaders(options['headers'] as RequestHeaders) };
    const { target: to, headers } = forwards ? forwardedRequest(direct, proxy) : direct;
    const { httpAgent, httpsAgent } = agentsFor(proxy, forwards);
    Object.assign(options, {
      protocol: protocolOf(to),
      hostname: to.hostname,
      host: to.hostname,
      port: to.port,
      path: to.path,
      headers,
      agents: { http: httpAgent, https: httpsAgent },
    });
  }

  return async (call) => {
    const { config } = call;
    if (Object.hasOwn(config, 'httpVersion') && isHttp2(config)) throw http2Refusal(config);
    if (!guard && !usesPool(config)) return onItsOwn(call);
    const target = requestTarget(config);
    const rule = guard && (target ? guard.judgeOrigin(target.origin) : 'scheme');
    if (rule !== undefined) throw new AddressBlockedError(call, rule, true);
    if (!target) return onItsOwn(call); // it has the error for a scheme other than http and https
    const proxy = findProxy(config, target);
    const forwards = proxy !== undefined && !target.secure;
    if (guard && forwards) await admitThroughProxy(guard, target, call, settings);
    try {
      return await delegate(settings, routeOf(call, proxy, forwards))(call);
    } catch (error) {
      throw blockedError(error, call) ?? error;
    }
  };
}

/** None of these is set when the guard looks. Code of the call that runs after that, as a `paramsSerializer`, might set one. */
const NOTHING_UNGUARDED = Object.fromEntries([...UNGUARDED, 'httpVersion'].map((name) => [name, undefined]));

function http2Refusal(config: InternalAxiosRequestConfig): AxiosError {
  const message = `httpVersion ${String(config.httpVersion)}: axios would open a session outside of the pool; set the option http2 of the client or the origin instead`;
  return new AxiosError(message, AxiosError.ERR_BAD_OPTION_VALUE, config);
}

const protocolOf = ({ secure }: Pick<RequestTarget, 'secure'>) => (secure ? 'https:' : 'http:');

/** Without what the hop before was forwarded with: axios has made these for the proxy that it was given. */
function withoutHopHeaders(headers: RequestHeaders): RequestHeaders {
  const kept = Object.entries(headers).filter(([name]) => !/^(?:host|proxy-authorization)$/i.test(name));
  return Object.fromEntries(kept);
}

/** With fields of its own, which axios reads only. */
function proxySettings(proxy: URL): AxiosProxyConfig {
  const { hostname, port, credentials, ...to } = targetOf(proxy)!;
  const [username = '', ...password] = credentials.split(':');
  return {
    protocol: protocolOf(to),
    host: hostname,
    port: Number(port || defaultPort(to.secure)),
    ...(credentials && { auth: { username, password: password.join(':') } }),
  };
}
