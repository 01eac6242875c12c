import { type Directives, isUnqualified } from './directives.js';
import type { Lifetime, ResponseHeaders } from './freshness.js';

/** What decides besides the response itself. */
export interface StorePolicy {
  /** Whether the cache is for one user: it takes responses that are `private`. */
  readonly isPrivate: boolean;
  /** Whether freshness may be assumed where the upstream states none. */
  readonly heuristic: boolean;
}

/**
 * Whose credentials a request has:
 * - `none`: none that the layer sees, or the client's own, which are the same for all its calls
 * - `known`: some that can be compared
 * - `unknown`: a layer within adds some for the caller at hand
 */
export type CredentialKind = 'none' | 'known' | 'unknown';

/** Statuses whose meaning this cache knows (RFC 9111 §5.2.2.3). */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 451, 501,
]);

/** RFC 9110 §15.1. 206 is not among them: parts are not stored. */
const HEURISTIC: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);

const PARTIAL = 206;
const NOT_MODIFIED = 304;

/**
 * Why a response to a GET is not to be stored (RFC 9111 §3).
 * @returns undefined where it is to be
 */
export function refusalToStore(
  status: number,
  headers: ResponseHeaders,
  directives: Directives,
  lifetime: Lifetime,
  credentials: CredentialKind,
  { isPrivate, heuristic }: StorePolicy,
): string | undefined {
  if (status < 200 || status === PARTIAL || status === NOT_MODIFIED) return `status ${status}`;
  const mustUnderstand = directives.has('must-understand');
  if (mustUnderstand && !UNDERSTOOD.has(status)) return `must-understand, and status ${status} is not understood`;
  if (directives.has('no-store') && !mustUnderstand) return 'no-store'; // §5.2.2.3
  if (!isPrivate && isUnqualified(directives, 'private')) return 'private';
  if (varies(headers)) return 'Vary: *';
  const isPublic = directives.has('public');
  if (credentials === 'unknown' && !isPublic)
    return 'credentials of a caller that cannot be told apart, and not public';
  if (credentials === 'known' && !isPrivate && !isPublic && !permitsCredentials(directives)) {
    return 'credentials in the request, and neither public, s-maxage nor must-revalidate'; // §3.5
  }
  const isStated = lifetime.statedMs !== undefined;
  if (!isStated && !HEURISTIC.has(status) && !isPublic && !(isPrivate && directives.has('private'))) {
    return `status ${status} without a stated lifetime`;
  }
  const isUsable = (lifetime.statedMs ?? (heuristic ? lifetime.heuristicMs : 0)) > 0 && !lifetime.noCache;
  const hasValidator = typeof headers['etag'] === 'string' || typeof headers['last-modified'] === 'string';
  const mayBeStale = lifetime.whileRevalidateMs > 0 || lifetime.ifErrorMs > 0;
  return isUsable || hasValidator || mayBeStale ? undefined : 'neither a lifetime nor a validator';
}

const permitsCredentials = (directives: Directives): boolean =>
  directives.has('must-revalidate') || directives.has('s-maxage');

function varies(headers: ResponseHeaders): boolean {
  const vary = headers['vary'];
  const text = Array.isArray(vary) ? vary.join(',') : vary;
  return typeof text === 'string' && text.split(',').some((name) => name.trim() === '*');
}
