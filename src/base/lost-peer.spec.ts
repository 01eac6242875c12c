import { describe, expect, it } from 'vitest';
import { diedOnStaleSocket, isIdempotent } from './lost-peer.js';

describe('isIdempotent', () => {
  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'])('holds for %s', (method) => {
    expect(isIdempotent(method, {})).toBe(true);
  });

  it.each(['POST', 'PATCH', 'PURGE'])('does not hold for %s, unless it has an Idempotency-Key', (method) => {
    expect(isIdempotent(method, {})).toBe(false);
    expect(isIdempotent(method, { 'IDEMPOTENCY-key': 'a' })).toBe(true);
  });

  it.each([undefined, null, false, ''])('does not hold for an Idempotency-Key of %o, which is none', (value) => {
    expect(isIdempotent('POST', { 'Idempotency-Key': value })).toBe(false);
  });
});

describe('diedOnStaleSocket', () => {
  it.each([
    ['ECONNRESET', true, true],
    ['EPIPE', true, true],
    ['ECONNRESET', false, false],
    ['ECONNREFUSED', true, false],
    ['HPE_INVALID_CONSTANT', true, false],
  ])('of %s on a reused socket (%s): %s', (code, reused, expected) => {
    expect(diedOnStaleSocket(Object.assign(new Error('x'), { code }), reused)).toBe(expected);
  });
});
