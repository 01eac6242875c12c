import type { AxiosRequestConfig } from 'axios';
import type { Call } from '../call/call.js';
import type { EventSink } from '../call/event-sink.js';
import { type RequestTarget, targetOf } from '../call/target.js';
import { type AddressGuard, AddressRefusal } from '../guard/address-guard.js';
import { canParse } from '../base/can-parse.js';
import { publishRedirect } from './events.js';
import { DOWNGRADE, encodedLocation, type RedirectSettings } from './redirects.js';

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
  const target = canParse(address) ? targetOf(new URL(address)) : undefined;
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

type RedirectHook = NonNullable<AxiosRequestConfig['beforeRedirect']>;

/**
 * Has the redirects that axios's adapter follows judged as ours are, and published, those that `beforeRedirect` does not refuse. The adapter
 * has dropped what must not reach another origin by then, so what `beforeRedirect` adds is the caller's own choice.
 */
export function delegatedRedirects(
  { redirects, events }: RedirectSettings & { readonly events: EventSink },
  call: Call,
  beforeRedirect: AxiosRequestConfig['beforeRedirect'],
): RedirectHook {
  return (options, response, request) => {
    const from = new URL(request.url);
    if (from.protocol === 'https:' && options['protocol'] === 'http:' && !redirects.allowDowngrade) {
      throw new Error(DOWNGRADE);
    }
    correctLocation(options, response.headers['location']!, request.url);
    beforeRedirect?.(options, response, request);
    publishRedirect(events, call, response.statusCode, new URL(options['href'] as string).origin);
  };
}

/** A caller's hook. follow-redirects waits for none, so what one that is async rejects with would end the process: it ends the call. */
export function watchedHook({ config, cancellation }: Call): RedirectHook | undefined {
  const { beforeRedirect } = config;
  if (typeof beforeRedirect !== 'function') return beforeRedirect;
  return (...details) => {
    const result: unknown = beforeRedirect(...details);
    if (result instanceof Promise) result.catch((error: Error) => cancellation.cancel(error));
  };
}

/** follow-redirects encodes the bytes of a UTF-8 Location a second time: they are replaced wherever it has put them. */
function correctLocation(options: Record<string, unknown>, location: string, from: string): void {
  const encoded = encodedLocation(location);
  if (encoded === location) return;
  const partsOf = ({ href, host, hostname, pathname, search }: URL) => [
    href,
    host,
    hostname,
    pathname,
    search,
    pathname + search,
  ];
  const right = partsOf(new URL(encoded, from));
  const corrected = new Map(partsOf(new URL(location, from)).map((part, i) => [part, right[i]!]));
  for (const [name, value] of Object.entries(options)) {
    const part = typeof value === 'string' && value !== '' ? corrected.get(value) : undefined;
    if (part !== undefined) options[name] = part;
  }
}
