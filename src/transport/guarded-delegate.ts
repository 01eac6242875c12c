import type { AxiosProxyConfig, InternalAxiosRequestConfig } from 'axios';
import { AddressBlockedError } from '../errors/address-blocked.error.js';
import type { AddressGuard } from '../guard/address-guard.js';
import { AddressRefusal } from '../guard/address-refusal.js';
import { unguardedSetting } from '../guard/unguarded-settings.js';
import type { Handler } from '../layers/layer.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { delegate, type DelegateSettings } from './delegate.js';
import { type AdmissionSettings, admitThroughProxy, blockedError } from './guarded-target.js';
import type { ProxyFinder } from './proxies.js';
import { type RequestTarget, requestTarget, targetOf } from './request-target.js';

export type GuardedDelegateSettings = DelegateSettings & AdmissionSettings & { readonly pool: ConnectionPool };

/** What follow-redirects is about to send. */
type RedirectedOptions = Record<string, any>;
type BeforeRedirect = (options: RedirectedOptions, ...details: unknown[]) => void;

/**
 * As `delegate`, on guarded agents only, redirects included. axios finds no proxy by itself: its tunnels would be unguarded.
 * @throws AddressBlockedError for what the guard refuses, for a setting that goes around it, and for a redirect of a call that an http
 * proxy forwards: nothing can be resolved between two hops
 */
export function guardedDelegate(
  settings: GuardedDelegateSettings,
  guard: AddressGuard,
  findProxy: ProxyFinder,
): Handler {
  const { pool } = settings;

  /** What axios sends it with, in place of what the call says. */
  function routeOf(config: InternalAxiosRequestConfig, target: RequestTarget): Partial<InternalAxiosRequestConfig> {
    const proxy = findProxy(config, target);
    if (!proxy || target.secure) {
      const httpsAgent = proxy ? pool.tunnelAgent(proxy) : pool.httpsAgent;
      const beforeRedirect = after(config.beforeRedirect, (options) => reroute(options, config));
      return { proxy: false, httpAgent: pool.httpAgent, httpsAgent, beforeRedirect };
    }
    return {
      proxy: proxySettings(proxy),
      httpAgent: pool.proxyAgent(false),
      httpsAgent: pool.proxyAgent(true),
      beforeRedirect: after(config.beforeRedirect, refuseRedirect),
    };
  }

  /** Has the next hop go through the proxy that is for it, on an agent that judges it. */
  function reroute(options: RedirectedOptions, config: InternalAxiosRequestConfig): void {
    const target = targetOf(new URL(options['href'] as string));
    const rule = target ? guard.judgeOrigin(target.origin) : 'scheme';
    if (rule !== undefined) throw new AddressRefusal(rule);
    const proxy = findProxy(config, target!);
    if (proxy && !target!.secure) refuseRedirect();
    options['agents'] = { http: pool.httpAgent, https: proxy ? pool.tunnelAgent(proxy) : pool.httpsAgent };
  }

  return async (call) => {
    const { config } = call;
    const setting = unguardedSetting(config);
    if (setting !== undefined) throw AddressBlockedError.bySetting(call, setting);
    const target = requestTarget(config);
    const rule = target ? guard.judgeOrigin(target.origin) : 'scheme';
    if (rule !== undefined) throw new AddressBlockedError(call, rule, true);
    const route = routeOf(config, target!);
    if (route.proxy) await admitThroughProxy(guard, target!, call, settings);
    try {
      return await delegate(settings, route)(call);
    } catch (error) {
      throw blockedError(error, call) ?? error;
    }
  };
}

function refuseRedirect(): never {
  throw new AddressRefusal('redirect through a proxy');
}

/** What the caller does to the next hop comes first: it has no say in the agents. */
function after(own: unknown, ours: BeforeRedirect): BeforeRedirect {
  return (options, ...details) => {
    (own as BeforeRedirect | undefined)?.(options, ...details);
    ours(options);
  };
}

/** With fields of its own, which axios reads only. */
function proxySettings(proxy: URL): AxiosProxyConfig {
  const { secure, hostname, port, credentials } = targetOf(proxy)!;
  const [username = '', ...password] = credentials.split(':');
  return {
    protocol: proxy.protocol,
    host: hostname,
    port: Number(port || (secure ? 443 : 80)),
    ...(credentials && { auth: { username, password: password.join(':') } }),
  };
}
