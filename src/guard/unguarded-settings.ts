import { type ProxySetting, proxyUrl } from '../policies/proxy-url.js';

/** Settings of axios by which a call would connect without asking the guard. docs/security.md lists what becomes of every other. */
export const UNGUARDED = ['transport', 'lookup', 'httpAgent', 'httpsAgent', 'socketPath'] as const;

/**
 * @param ownProxy the client's own, which the operator chose
 * @returns the first such setting, among axios's of a call or of a client; undefined: there is none
 */
export function unguardedSetting(settings: object, ownProxy?: URL): string | undefined {
  const config = settings as Readonly<Record<string, unknown>>;
  // HTTP/2 makes its own connections.
  const { httpVersion, proxy } = config;
  if (httpVersion !== undefined && httpVersion !== 1 && httpVersion !== '1') return 'httpVersion';
  // Nobody judges the proxy's own address, so a call must not choose it.
  if (proxy && !isSame(proxy as ProxySetting, ownProxy)) return 'proxy';
  return UNGUARDED.find((name) => config[name]);
}

/** Calls get a copy of the client's proxy. */
function isSame(proxy: ProxySetting, own: URL | undefined): boolean {
  try {
    return own !== undefined && proxyUrl(proxy).href === own.href;
  } catch {
    return false;
  }
}
