import type { AddressGuard } from '../guard/address-guard.js';
import { AddressRefusal } from '../guard/address-refusal.js';
import { type RequestTarget, targetOf } from './request-target.js';

/** What follow-redirects is about to send. */
export type RedirectOptions = Record<string, unknown>;
export type BeforeRedirect = (options: Record<string, any>, ...details: any[]) => void;

/** What a hook may change of the next hop. Where that leads is judged afterwards. */
const CHANGEABLE = new Set([
  'auth',
  'hash',
  'headers',
  'host',
  'hostname',
  'href',
  'method',
  'path',
  'pathname',
  'port',
  'protocol',
  'query',
  'search',
]);
/** What connects: a hook that reached into it would change it for other calls, too. */
const HIDDEN = new Set(['agent', 'agents']);

/**
 * Where a redirect leads, after the caller's hook.
 * @throws AddressRefusal where the guard refuses that, or the hook has changed who connects
 */
export function judgedTarget(
  guard: AddressGuard,
  options: RedirectOptions,
  hook: BeforeRedirect | undefined,
  details: readonly unknown[],
): RequestTarget {
  if (hook) runJudged(hook, options, details);
  const target = nextTarget(options);
  const rule = target ? guard.judgeOrigin(target.origin) : 'scheme';
  if (rule !== undefined) throw new AddressRefusal(rule);
  return target!;
}

/** As Node reads its options. */
function nextTarget({ protocol, hostname, port, path }: Record<string, any>): RequestTarget | undefined {
  const name = String(hostname);
  const address = `${String(protocol)}//${name.includes(':') ? `[${name}]` : name}${port ? `:${String(port)}` : ''}`;
  const target = URL.canParse(address) ? targetOf(new URL(address)) : undefined;
  return target && { ...target, path: String(path) };
}

/**
 * Runs a caller's `beforeRedirect` on a copy of the next hop's options, and takes over what it may change.
 * @throws AddressRefusal where it has changed who connects: protocols, agents, a look-up, a socket, a hook for the hop after
 */
function runJudged(hook: BeforeRedirect, options: RedirectOptions, details: readonly unknown[]): void {
  const shown: RedirectOptions = {};
  for (const [name, value] of Object.entries(options)) {
    if (!HIDDEN.has(name)) shown[name] = CHANGEABLE.has(name) ? value : shallowCopy(value);
  }
  hook(shown, ...details);
  for (const name of new Set([...Object.keys(options), ...Object.keys(shown)])) {
    if (CHANGEABLE.has(name)) options[name] = shown[name];
    else if (!isSame(shown[name], HIDDEN.has(name) ? undefined : options[name])) {
      throw new AddressRefusal('setting beforeRedirect');
    }
  }
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

const shallowCopy = (value: unknown) =>
  isGroup(value) && !Array.isArray(value) ? Object.assign(Object.create(null) as object, value) : value;

function isSame(shown: unknown, original: unknown): boolean {
  if (!isGroup(shown) || !isGroup(original)) return shown === original;
  const names = new Set([...Object.keys(shown), ...Object.keys(original)]);
  return [...names].every((name) => shown[name] === original[name]);
}
