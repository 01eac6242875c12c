import { noProxy } from './no-proxy.js';
import { proxyUrlIn } from './proxy-url.js';

/** What is about to be called: its host as `URL` has it, without brackets, and its port, empty for the scheme's own. */
export interface ProxiedTarget {
  readonly secure: boolean;
  readonly hostname: string;
  readonly port: string;
}

/**
 * The proxy that the environment has for a target.
 * @throws AxiosError for a variable that names no proxy which speaks HTTP
 */
export type EnvironmentProxies = (target: ProxiedTarget) => URL | undefined;

/** A variable's name, in the case that was found, and what it says. */
type Variable = readonly [name: string, value: string];

/**
 * HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in either case, as they are now: what changes later makes no difference. The lower case
 * comes first, as with curl and axios.
 * @returns undefined where no target has a proxy
 */
export function environmentProxies(env: Readonly<Record<string, string | undefined>>): EnvironmentProxies | undefined {
  const all = variable(env, 'all_proxy');
  const http = variable(env, 'http_proxy') ?? all;
  const https = variable(env, 'https_proxy') ?? all;
  if (!http && !https) return undefined;
  const goesStraight = noProxy(variable(env, 'no_proxy')?.[1] ?? '');
  return ({ secure, hostname, port }) => {
    const named = secure ? https : http;
    if (!named || goesStraight({ hostname, port: Number(port) || (secure ? 443 : 80) })) return undefined;
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
