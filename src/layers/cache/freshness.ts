import { httpDate } from '../../base/http-rules.js';
import { type Directives, isUnqualified, secondsOf } from './directives.js';

/** How long a response may be used, as its headers say. Computed once, when it comes. All in milliseconds. */
export interface Lifetime {
  /** Freshness that the upstream states (RFC 9111 §4.2.1); undefined: it states none. */
  readonly statedMs: number | undefined;
  /** Freshness that may be assumed (§4.2.2); 0: none. */
  readonly heuristicMs: number;
  /** Of the response when it came (§4.2.3). */
  readonly initialAgeMs: number;
  /** Must be validated each time (§5.2.2.4). */
  readonly noCache: boolean;
  /** Must not be used stale (§5.2.2.2, §5.2.2.8, §5.2.2.10). */
  readonly mustRevalidate: boolean;
  /** May be used for so long while it is validated in the background (RFC 5861 §3). */
  readonly whileRevalidateMs: number;
  /** May be used for so long where the upstream fails (RFC 5861 §4). */
  readonly ifErrorMs: number;
}

export type ResponseHeaders = Readonly<Record<string, unknown>>;

/** When a request was sent, and its response came: on the wall clock, in milliseconds since 1970. */
export interface ExchangeTimes {
  readonly requestedAt: number;
  readonly respondedAt: number;
}

/** @param isShared whether the cache is shared: `s-maxage` and `proxy-revalidate` are for such */
export function lifetimeOf(
  headers: ResponseHeaders,
  directives: Directives,
  isShared: boolean,
  times: ExchangeTimes,
): Lifetime {
  const { respondedAt } = times;
  const dateMs = dateOf(headers['date'], respondedAt);
  const sharedSeconds = isShared ? secondsOf(directives, 's-maxage') : undefined;
  const isProxyBound = isShared && (directives.has('proxy-revalidate') || sharedSeconds !== undefined);
  return {
    statedMs: statedMs(headers, directives, sharedSeconds, dateMs ?? respondedAt, respondedAt),
    heuristicMs: heuristicMs(headers['last-modified'], dateMs ?? respondedAt, respondedAt),
    initialAgeMs: initialAgeMs(headers['age'], dateMs, times),
    noCache: isUnqualified(directives, 'no-cache'),
    mustRevalidate: directives.has('must-revalidate') || isProxyBound,
    whileRevalidateMs: (secondsOf(directives, 'stale-while-revalidate') ?? 0) * 1_000,
    ifErrorMs: (secondsOf(directives, 'stale-if-error') ?? 0) * 1_000,
  };
}

/** RFC 9111 §4.2.1: `s-maxage`, `max-age`, then `Expires` minus `Date`. */
function statedMs(
  headers: ResponseHeaders,
  directives: Directives,
  sharedSeconds: number | undefined,
  dateMs: number,
  nowMs: number,
): number | undefined {
  const seconds = sharedSeconds ?? secondsOf(directives, 'max-age');
  if (seconds !== undefined) return seconds * 1_000;
  const expires = headers['expires'];
  if (expires === undefined || expires === null) return undefined;
  const expiresMs = dateOf(expires, nowMs);
  return expiresMs === undefined ? 0 : Math.max(0, expiresMs - dateMs); // §5.3: one that is no date has passed
}

/** A tenth of the time since the last change (RFC 9111 §4.2.2), and a day at most. */
const HEURISTIC_SHARE = 0.1;
const MAX_HEURISTIC_MS = 24 * 3_600_000;

function heuristicMs(lastModified: unknown, dateMs: number, nowMs: number): number {
  const changedMs = dateOf(lastModified, nowMs);
  if (changedMs === undefined) return 0;
  return Math.min(Math.max(0, (dateMs - changedMs) * HEURISTIC_SHARE), MAX_HEURISTIC_MS);
}

/** RFC 9111 §4.2.3. An `Age` that cannot be read says that the response is old, but not how old: it is stale. */
function initialAgeMs(age: unknown, dateMs: number | undefined, { requestedAt, respondedAt }: ExchangeTimes): number {
  const apparentMs = dateMs === undefined ? 0 : Math.max(0, respondedAt - dateMs);
  return Math.max(apparentMs, statedAgeMs(age) + Math.max(0, respondedAt - requestedAt));
}

function statedAgeMs(age: unknown): number {
  if (age === undefined || age === null) return 0;
  return typeof age === 'string' && /^\d+$/.test(age.trim()) ? Number(age) * 1_000 : Infinity;
}

export function dateOf(value: unknown, nowMs: number): number | undefined {
  return typeof value === 'string' ? httpDate(value, nowMs) : undefined;
}

/** What a request says of the responses that it takes (RFC 9111 §5.2.1). */
export interface RequestDirectives {
  readonly noStore: boolean;
  readonly noCache: boolean;
  readonly onlyIfCached: boolean;
  readonly maxAgeMs: number | undefined;
  readonly minFreshMs: number;
  /** Infinity: however stale; undefined: not at all. */
  readonly maxStaleMs: number | undefined;
  /** RFC 5861 §4. */
  readonly ifErrorMs: number;
}

export const NO_DIRECTIVES: RequestDirectives = {
  noStore: false,
  noCache: false,
  onlyIfCached: false,
  maxAgeMs: undefined,
  minFreshMs: 0,
  maxStaleMs: undefined,
  ifErrorMs: 0,
};

export function requestDirectives(directives: Directives): RequestDirectives {
  const ms = (name: string) => {
    const seconds = secondsOf(directives, name);
    return seconds === undefined ? undefined : seconds * 1_000;
  };
  return {
    noStore: directives.has('no-store'),
    noCache: directives.has('no-cache'),
    onlyIfCached: directives.has('only-if-cached'),
    maxAgeMs: ms('max-age'),
    minFreshMs: ms('min-fresh') ?? 0,
    maxStaleMs: isUnqualified(directives, 'max-stale') ? Infinity : ms('max-stale'),
    ifErrorMs: ms('stale-if-error') ?? 0,
  };
}

/** How old a stored response is (RFC 9111 §4.2.3), in milliseconds. A clock that was set back makes it no younger than it came. */
export function ageMs({ initialAgeMs: initial }: Lifetime, respondedAt: number, nowMs: number): number {
  return initial + Math.max(0, nowMs - respondedAt);
}

/** How long it is fresh, from its beginning. @param heuristic whether that may be assumed where the upstream states nothing */
export function freshMs({ statedMs: stated, heuristicMs: assumed }: Lifetime, heuristic: boolean): number {
  return stated ?? (heuristic ? assumed : 0);
}

/**
 * What to do with a stored response that matches (RFC 9111 §4):
 * - `fresh`: use it
 * - `stale`: use it all the same: the request takes it
 * - `revalidate`: use it, and validate it in the background
 * - `validate`: ask the upstream first
 */
export type Verdict = 'fresh' | 'stale' | 'revalidate' | 'validate';

export function verdictOn(lifetime: Lifetime, age: number, heuristic: boolean, request: RequestDirectives): Verdict {
  const { noCache, mustRevalidate, whileRevalidateMs } = lifetime;
  const { maxAgeMs, minFreshMs, maxStaleMs } = request;
  if (noCache || request.noCache) return 'validate';
  if (maxAgeMs !== undefined && (maxAgeMs === 0 || age > maxAgeMs)) return 'validate';
  const leftMs = freshMs(lifetime, heuristic) - age;
  if (leftMs > 0 && leftMs >= minFreshMs) return 'fresh';
  if (leftMs > 0 || mustRevalidate || minFreshMs > 0) return 'validate';
  if (maxStaleMs !== undefined && -leftMs <= maxStaleMs) return 'stale';
  return -leftMs < whileRevalidateMs ? 'revalidate' : 'validate';
}

/** Whether a stored response may stand in for an upstream that fails (RFC 5861 §4). */
export function mayServeOnError(
  lifetime: Lifetime,
  age: number,
  heuristic: boolean,
  request: RequestDirectives,
): boolean {
  const { noCache, mustRevalidate, ifErrorMs } = lifetime;
  if (noCache || mustRevalidate || request.noCache) return false;
  const { maxAgeMs } = request;
  if (maxAgeMs !== undefined && age > maxAgeMs) return false;
  return age - freshMs(lifetime, heuristic) < Math.max(ifErrorMs, request.ifErrorMs);
}
