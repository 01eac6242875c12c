import { describe, expect, it } from 'vitest';
import { directivesOf } from './directives.js';
import { lifetimeOf, type ResponseHeaders } from './freshness.js';
import { type CredentialKind, refusalToStore } from './storable.js';

const NOW = Date.UTC(2026, 0, 1);

interface Given {
  readonly status?: number;
  readonly credentials?: CredentialKind;
  readonly isPrivate?: boolean;
  readonly heuristic?: boolean;
}

function refusal(
  cacheControl: string | undefined,
  { status = 200, credentials = 'none', isPrivate = false, heuristic = false }: Given = {},
  more: ResponseHeaders = {},
) {
  const headers = { ...more, ...(cacheControl !== undefined && { 'cache-control': cacheControl }) };
  const directives = directivesOf(cacheControl);
  const lifetime = lifetimeOf(headers, directives, !isPrivate, { requestedAt: NOW, respondedAt: NOW });
  return refusalToStore(status, headers, directives, lifetime, credentials, { isPrivate, heuristic });
}

describe('a response is stored (RFC 9111 §3)', () => {
  it.each<[string, string | undefined, Given, ResponseHeaders]>([
    ['with a lifetime', 'max-age=60', {}, {}],
    ['with an Expires', undefined, {}, { expires: new Date(NOW + 1_000).toUTCString() }],
    ['with a validator', undefined, {}, { etag: '"a"' }],
    ['with a validator, to be validated each time', 'no-cache', {}, { etag: '"a"' }],
    ['of any status with a lifetime', 'max-age=60', { status: 599 }, {}],
    ['of a status that fails', 'max-age=60', { status: 503 }, {}],
    ['that is private, in a private cache', 'private, max-age=60', { isPrivate: true }, {}],
    ['of which only some fields are private', 'private="a", max-age=60', {}, {}],
    ['that must be understood, and is', 'must-understand, no-store, max-age=60', {}, {}],
    ['with credentials, where it is public', 'public, max-age=60', { credentials: 'known' }, {}],
    ['with credentials, where it has s-maxage', 's-maxage=60', { credentials: 'known' }, {}],
    ['with credentials, where it must be validated', 'must-revalidate, max-age=60', { credentials: 'known' }, {}],
    ['with credentials, in a private cache', 'max-age=60', { credentials: 'known', isPrivate: true }, {}],
    ['with credentials that nobody sees, where it is public', 'public, max-age=60', { credentials: 'unknown' }, {}],
    [
      'whose lifetime may be assumed',
      undefined,
      { heuristic: true },
      { 'last-modified': new Date(NOW - 9e6).toUTCString() },
    ],
    ['that is stale, but may stand in', 'max-age=0, stale-if-error=60', {}, {}],
  ])('%s', (_, cacheControl, given, headers) => {
    expect(refusal(cacheControl, given, headers)).toBeUndefined();
  });

  it.each<[string, string | undefined, Given, ResponseHeaders, string]>([
    ['no-store', 'no-store, max-age=60', {}, {}, 'no-store'],
    ['private', 'private, max-age=60', {}, {}, 'private'],
    ['Vary: *', 'max-age=60', {}, { vary: 'a, *' }, 'Vary: *'],
    ['a part', 'max-age=60', { status: 206 }, {}, 'status 206'],
    ['a 304', 'max-age=60', { status: 304 }, {}, 'status 304'],
    ['nothing to go by', undefined, {}, {}, 'neither a lifetime nor a validator'],
    ['a lifetime of 0', 'max-age=0', {}, {}, 'neither a lifetime nor a validator'],
    ['a lifetime that may not be used', 'max-age=60, no-cache', {}, {}, 'neither a lifetime nor a validator'],
    [
      'a status without a lifetime',
      undefined,
      { status: 500 },
      { etag: '"a"' },
      'status 500 without a stated lifetime',
    ],
    [
      'a status that is not understood',
      'must-understand, max-age=60',
      { status: 599 },
      {},
      'must-understand, and status 599 is not understood',
    ],
    [
      'credentials (§3.5)',
      'max-age=60',
      { credentials: 'known' },
      {},
      'credentials in the request, and neither public, s-maxage nor must-revalidate',
    ],
    [
      'credentials that nobody sees',
      's-maxage=60, must-revalidate',
      { credentials: 'unknown' },
      {},
      'credentials of a caller that cannot be told apart, and not public',
    ],
  ])('not with %s', (_, cacheControl, given, headers, reason) => {
    expect(refusal(cacheControl, given, headers)).toBe(reason);
  });
});
