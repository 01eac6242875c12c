import { type InjectionToken, Scope } from '@nestjs/common';
import { INQUIRER, type ModulesContainer } from '@nestjs/core';
import { InvalidOptionsError } from '../errors/refusal.errors.js';

type NestModule = NonNullable<ReturnType<ModulesContainer['get']>>;
/** Nest's wrapper of a provider, which knows what that injects. Nest does not export its type. */
type Provider = NonNullable<ReturnType<NestModule['providers']['get']>>;

/** What a client is made by. */
const REGISTERED = /^RegisteredHttpClient\((.*)\)$/;
/** The library's own providers between a client and what the user gave → what the user calls them; '' where he knows nothing of them. */
const OURS: readonly (readonly [RegExp, string])[] = [
  [REGISTERED, ''],
  [/^HttpClientRegistry$/, ''],
  [/^HttpClientInterceptors\(/, 'interceptors'],
  [/^HttpClientLayers\(/, 'layers'],
  [/^HttpClient(Module)?Options(\(|$)/, 'options'],
];

export const registeredClientToken = (name: string): string => `RegisteredHttpClient(${name})`;

/**
 * A client is made once, with the app. If a provider that it is made of is request-scoped, Nest would make the client again for
 * each request, and none at the start.
 * @param name of the only client to look at, while the providers of others may not be resolved yet
 * @throws InvalidOptionsError that names each such provider, how the client comes to inject it, and what to do instead
 */
export function refuseRequestScope(modules: ModulesContainer, name?: string): void {
  const problems = new Set<string>();
  for (const { providers } of modules.values()) {
    for (const [token, provider] of providers) {
      const client = REGISTERED.exec(String(token))?.[1];
      if (client === undefined || (name !== undefined && client !== name)) continue;
      for (const chain of scopedChains(provider)) problems.add(problemOf(client, chain));
    }
  }
  if (problems.size > 0) throw new InvalidOptionsError('HttpClientModule', [...problems]);
}

/** Whether Nest makes a provider for each request. */
export function isRequestScoped(modules: ModulesContainer, token: InjectionToken): boolean {
  const providers = Array.from(modules.values(), (module) => module.providers.get(token));
  return providers.some(
    (provider) => provider && scopedChains(provider).some((chain) => chain.at(-1)!.scope === Scope.REQUEST),
  );
}

/** From the provider to each one among what it injects, at any depth, that has no meaning where things are made once. */
function scopedChains(provider: Provider, path: readonly Provider[] = [], seen = new Set<Provider>()): Provider[][] {
  const chain = [...path, provider];
  if (provider.scope === Scope.REQUEST || isLostInquirer(chain)) return [chain];
  if (seen.has(provider)) return [];
  seen.add(provider);
  return injectedBy(provider).flatMap((injected) => scopedChains(injected, chain, seen));
}

function injectedBy(provider: Provider): Provider[] {
  const properties = provider.getPropertiesMetadata() ?? [];
  const all = [
    ...(provider.getCtorMetadata() ?? []),
    ...properties.map(({ wrapper }) => wrapper),
    ...(provider.getEnhancersMetadata() ?? []),
  ];
  return all.filter((injected) => injected !== undefined); // one that is optional and absent
}

/** The inquirer of what a client is made of would be a factory of ours: Nest injects undefined. Deeper, it is a provider of the user's. */
function isLostInquirer(chain: readonly Provider[]): boolean {
  const [grandparent, parent, provider] = [chain.at(-3), chain.at(-2), chain.at(-1)!];
  if (provider.token !== INQUIRER || !parent) return false;
  return isOurs(parent) || (grandparent !== undefined && isOurs(grandparent));
}

const isOurs = (provider: Provider) => ours(provider) !== undefined;

const ours = ({ name }: Provider): string | undefined => OURS.find(([pattern]) => pattern.test(String(name)))?.[1];

function problemOf(client: string, chain: readonly Provider[]): string {
  const names = chain.map((provider) => ours(provider) ?? nameOf(provider)).filter((name) => name !== '');
  const last = chain.at(-1)!;
  const what = last.token === INQUIRER ? 'INQUIRER, which is nobody here' : `${nameOf(last)}, which is request-scoped`;
  return (
    `client ${JSON.stringify(client)}: expected providers that live as long as the app, got ${what}: ${names.join(' → ')}. ` +
    'A client is made once, with the app, and serves every request. Give the provider the default scope, and have it look for the ' +
    'request when a call is made: by currentInboundContext(), by an AsyncLocalStorage of your own, or by resolve() of ModuleRef'
  );
}

const nameOf = ({ name, token }: Provider) => String(name ?? token);
