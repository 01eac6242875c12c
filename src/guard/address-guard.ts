import dns, { type LookupAddress, type LookupAllOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { OriginMap } from '../base/origin-map.js';
import { shadowInherited } from '../base/prototype-pollution.js';
import { type ProxySetting, proxyUrl } from '../base/proxy-url.js';
import { portOf, withoutBrackets } from '../base/url-parts.js';
import type { GuardSettings } from '../options/resolve-sections.js';
import { canParse } from '../base/can-parse.js';
import { addressPolicy } from './ip-address.js';
import { hostMatcher } from './trusted-hosts.js';

/** Where a connection is to lead, as Node's Agent describes it. */
interface ConnectionTarget {
  readonly host?: string | null;
  readonly port?: number | string | null;
  readonly socketPath?: string | null;
}

/** Finds all addresses of a host, as `dns.lookup` does. */
export type ResolveHost = (
  host: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Decides what may be connected to. Rules are names, and never have an address in them that came from DNS. */
export interface AddressGuard {
  /**
   * Judges what an origin says by itself: its scheme, its port, and its host where that is an address.
   * @returns the rule that refuses it; undefined: none
   */
  readonly judgeOrigin: (origin: string) => string | undefined;
  /** The same of a connection. */
  readonly judgeTarget: (target: ConnectionTarget) => string | undefined;
  /**
   * Judges an address that a host has.
   * @returns the rule that refuses it; undefined: none
   */
  readonly judgeAddress: (host: string, address: string) => string | undefined;
  /** `dns.lookup` that leaves out refused addresses, and fails with an AddressRefusal where none is left. */
  readonly lookup: LookupFunction;
  /**
   * Judges a connection that somebody else is to make, who chooses among the addresses of its host: what it says by itself, and each of them.
   * @throws AddressRefusal unless all of them may be connected to, or what the look-up fails with
   */
  readonly admit: (target: ConnectionTarget) => Promise<void>;
}

/** What `originOf` says where axios is about to refuse the URL. */
const NO_ORIGIN = 'invalid URL';
const LET_THROUGH = '';

const lookupBySystem: ResolveHost = (host, options, callback) => dns.lookup(host, options, callback);

/** @param resolve for tests; `dns.lookup` is what asks the hosts file and the resolver of the system */
export function addressGuard(settings: GuardSettings, resolve: ResolveHost = lookupBySystem): AddressGuard {
  const policy = addressPolicy(settings);
  const isTrusted = hostMatcher(settings.allowHosts);
  const ports = settings.allowPorts && new Set(settings.allowPorts);

  /** An address that the caller wrote down may be told apart by the range that refuses it. */
  function judgeWritten(host: string, port: number): string | undefined {
    if (ports && !ports.has(port)) return 'port';
    if (isIP(host) === 0) return undefined;
    const { rule, cidr } = policy(host, isTrusted(host)) ?? {};
    return cidr === undefined ? rule : `${rule} ${cidr}`;
  }

  const judgeAddress = (host: string, address: string) => policy(address, isTrusted(host))?.rule;

  function judgeUrl(origin: string): string | undefined {
    if (origin.startsWith('unix:')) return 'unix socket';
    if (!canParse(origin)) return 'scheme'; // the origin of data: and file: is 'null'
    const url = new URL(origin);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'scheme';
    return judgeWritten(withoutBrackets(url.hostname), portOf(url));
  }

  const verdicts = new OriginMap((origin) => judgeUrl(origin) ?? LET_THROUGH);

  function judgeTarget({ host, port, socketPath }: ConnectionTarget): string | undefined {
    return socketPath ? 'unix socket' : judgeWritten(host ?? 'localhost', Number(port));
  }

  const lookup: LookupFunction = (host, options, callback) => {
    resolve(host, shadowInherited({ ...options, all: true }), (error, addresses) => {
      if (error) {
        callback(error, []);
        return;
      }
      let refusedBy: string | undefined;
      const allowed = addresses.filter(({ address }) => {
        const rule = judgeAddress(host, address);
        refusedBy ??= rule;
        return rule === undefined;
      });
      const [first] = allowed;
      if (!first) callback(refusedBy === undefined ? notFound(host) : new AddressRefusal(refusedBy), []);
      else if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };

  return {
    judgeOrigin: (origin) => (origin === NO_ORIGIN ? undefined : verdicts.get(origin) || undefined),
    judgeTarget,
    judgeAddress,
    lookup,
    async admit(target) {
      const rule = judgeTarget(target);
      if (rule !== undefined) throw new AddressRefusal(rule);
      const host = target.host ?? 'localhost';
      if (isIP(host) !== 0) return;
      const addresses = await new Promise<readonly LookupAddress[]>((settle, fail) =>
        resolve(host, shadowInherited({ all: true }), (error, found) => (error ? fail(error) : settle(found))),
      );
      if (addresses.length === 0) throw notFound(host);
      for (const { address } of addresses) {
        const refusedBy = judgeAddress(host, address);
        if (refusedBy !== undefined) throw new AddressRefusal(refusedBy);
      }
    },
  };
}

function notFound(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND', hostname: host });
}

/** What the guard ends a connection with. Says nothing of the address; whoever knows the call makes an AddressBlockedError of it. */
export class AddressRefusal extends Error {
  override readonly name = 'AddressRefusal';
  readonly code = 'ERR_ADDRESS_BLOCKED';

  constructor(readonly rule: string) {
    super(`the address guard refuses this address: ${rule}`);
  }
}

const MAX_CAUSES = 8;

/** The refusal that an error is, or comes from: axios and follow-redirects wrap what they get. */
export function refusalIn(error: unknown): AddressRefusal | undefined {
  let cause = error;
  for (let depth = 0; depth < MAX_CAUSES && cause instanceof Error; depth++) {
    if (cause instanceof AddressRefusal) return cause;
    ({ cause } = cause);
  }
  return undefined;
}

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
