import { isIP } from 'node:net';
import { withoutPrototype } from '../base/prototype-pollution.js';
import { type ProxySetting, proxyUrl } from '../base/proxy-url.js';
import { canParse } from '../base/can-parse.js';
import { withoutBrackets } from '../base/url-parts.js';
import { problemsOfValues } from '../call/values.js';
import { unguardedSetting } from '../guard/address-guard.js';
import { type AddressesOptions, EJECTION_DEFAULTS } from './address-options.js';
import type { HttpClientOptions } from './http-client-options.js';
import type { ResolvedClientOptions } from './resolve-options.js';
import { cacheProblems } from './resolve-cache.js';
import { resilienceProblems } from './resolve-resilience.js';
import type { SharedState } from './shared-state.js';
import type { TlsSettings } from './resolve-sections.js';
import type { TlsOptions } from './transport-options.js';

/** Options that are right by themselves, but do not go together. One problem a line. */
export function combinationProblems(
  client: Pick<
    ResolvedClientOptions,
    'pool' | 'resilience' | 'cache' | 'origins' | 'guard' | 'axios' | 'tls' | 'shared'
  >,
  given: HttpClientOptions | undefined,
): string[] {
  const { maxSockets, maxTotalSockets, maxFreeSockets, idleMs, maxAgeMs } = client.pool;
  const { shared } = client;
  const problems = resilienceProblems(client.resilience, given?.timeouts?.attemptMs, { shared });
  problems.push(...cacheProblems(client.cache, shared !== undefined));
  if (given?.confine && given.baseURL === undefined) {
    problems.push('confine: expected a baseURL to confine calls to, got none');
  }
  problems.push(...authProblems(given, shared), ...tlsProblems(client.tls, given?.tls));
  const passed = withoutPrototype(client.axios);
  const values = withoutPrototype({ ...passed, timeout: undefined }); // that the schema has refused, without showing it
  problems.push(...problemsOfValues(values).map((problem) => `axios.${problem}`));
  const { proxy } = passed;
  if (proxy) problems.push(...proxyProblems(proxy));
  // The proxy is the operator's choice.
  const unguarded = client.guard && unguardedSetting(withoutPrototype({ ...client.axios, proxy: undefined }));
  if (unguarded) problems.push(`axios.${unguarded}: expected to be left out with a guard, which it would go around`);
  for (const [origin, options] of Object.entries(given?.origins ?? {})) {
    problems.push(...addressProblems(origin, options?.addresses));
    if (options?.cache)
      problems.push(...cacheProblems(client.origins[origin]!.cache, shared !== undefined, `origins.${origin}.`));
    if (!options?.resilience) continue;
    const resolved = client.origins[origin]!.resilience;
    const within = { path: `origins.${origin}.`, shared };
    problems.push(...resilienceProblems(resolved, options.timeouts?.attemptMs, within));
  }
  if (maxTotalSockets !== false && maxSockets > maxTotalSockets) {
    problems.push(`pool.maxSockets: expected at most pool.maxTotalSockets (${maxTotalSockets}), got ${maxSockets}`);
  }
  if (maxFreeSockets > maxSockets) {
    problems.push(`pool.maxFreeSockets: expected at most pool.maxSockets (${maxSockets}), got ${maxFreeSockets}`);
  }
  if (maxAgeMs !== false && idleMs > maxAgeMs) {
    problems.push(`pool.idleMs: expected at most pool.maxAgeMs (${maxAgeMs}), got ${idleMs}`);
  }
  return problems;
}

function addressProblems(origin: string, given: boolean | AddressesOptions | undefined): string[] {
  if (!given || !canParse(origin)) return [];
  const problems: string[] = [];
  const { hostname } = new URL(origin);
  const path = `origins.${origin}.addresses`;
  if (isIP(withoutBrackets(hostname)) !== 0) {
    problems.push(
      `${path}: expected an origin whose host is a name, which certificates and Host headers keep; got an address`,
    );
  }
  if (given === true) return problems;
  const { list, resolve, resolveMs, ejection } = given;
  if (list && resolve) problems.push(`${path}.resolve: expected to be left out with list`);
  if (list && resolveMs !== undefined) problems.push(`${path}.resolveMs: expected to be left out with list`);
  const { baseMs, maxMs } = { ...EJECTION_DEFAULTS, ...(typeof ejection === 'object' && ejection) };
  if (baseMs > maxMs) problems.push(`${path}.ejection.baseMs: expected at most maxMs (${maxMs}), got ${baseMs}`);
  return problems;
}

const KINDS = ['oauth2', 'bearer', 'basic', 'apiKey', 'sign'] as const;

function authProblems(given: HttpClientOptions | undefined, shared: SharedState | undefined): string[] {
  const auth = given?.auth;
  if (typeof auth !== 'object' || auth === null) return [];
  const problems: string[] = [];
  const kinds = KINDS.filter((kind) => auth[kind] !== undefined);
  const isMistyped = Object.keys(auth).some((name) => !KINDS.includes(name as never) && name !== 'sameForAll');
  if (kinds.length > 1 || (kinds.length === 0 && !isMistyped)) {
    problems.push(
      `auth: expected one of ${KINDS.join(', ')}, got ${kinds.length === 0 ? 'none' : kinds.join(' and ')}`,
    );
  }
  if (given!.baseURL === undefined) {
    problems.push('auth: expected a baseURL beside it, whose origin gets the credentials, got none');
  }
  if (auth.oauth2?.shared && !shared?.keepsTokens) {
    const got = shared ? 'one without' : 'none';
    problems.push(
      `auth.oauth2.shared: expected the module's option shared with an encryptionKey beside it, got ${got}`,
    );
  }
  const named: unknown = auth.apiKey?.header;
  const header = typeof named === 'string' ? named.toLowerCase() : 'authorization';
  const set = Object.keys(given!.headers ?? {}).find((name) => name.toLowerCase() === header);
  if (set !== undefined && auth.sign === undefined) {
    problems.push(`headers.${set}: expected to be left out with auth, which sets it`);
  }
  return problems;
}

function tlsProblems(tls: TlsSettings, given: TlsOptions | undefined): string[] {
  const { files = {} } = tls;
  const givenFiles = given?.files ?? undefined;
  const problems: string[] = [];
  if (typeof givenFiles === 'object') {
    const both = (['ca', 'cert', 'key', 'pfx'] as const).filter((name) => givenFiles[name] && given?.[name]);
    problems.push(...both.map((name) => `tls.${name}: expected to be left out with tls.files.${name}`));
    if (Object.keys(givenFiles).length === 0) problems.push('tls.files: expected ca, cert, key or pfx, got none');
  }
  if (given?.watch && !tls.files) problems.push('tls.watch: expected tls.files beside it, got none');
  const lacks = (name: 'cert' | 'key') => files[name] === undefined && tls[name] === undefined;
  if (files.cert !== undefined && lacks('key')) problems.push('tls.files.cert: expected tls.files.key beside it');
  if (files.key !== undefined && lacks('cert')) problems.push('tls.files.key: expected tls.files.cert beside it');
  return problems;
}

function proxyProblems(proxy: ProxySetting): string[] {
  try {
    proxyUrl(proxy);
    return [];
  } catch (error) {
    return [`axios.proxy: expected an http or https proxy, got one that cannot be used: ${(error as Error).message}`];
  }
}
