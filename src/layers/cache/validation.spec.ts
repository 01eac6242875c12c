import { describe, expect, it } from 'vitest';
import { isSelected, normalized, selectorsOf } from './vary.js';
import {
  confirms,
  describes,
  headersOf304,
  isUnchanged,
  mergedHeaders,
  storedHeaders,
  validators,
} from './validation.js';

const NOW = Date.UTC(2026, 0, 1);
const date = (seconds: number) => new Date(NOW + seconds * 1_000).toUTCString();
const stored = (headers: Record<string, string>) => ({ headers, respondedAt: NOW });

describe('the headers that are stored (RFC 9111 §3.1)', () => {
  it('are not those of the connection, nor those that it names', () => {
    const headers = {
      connection: 'a, keep-alive',
      a: '1',
      'keep-alive': 'x',
      te: 'x',
      'proxy-authenticate': 'x',
      b: '2',
    };
    expect(storedHeaders(headers, [])).toEqual({ b: '2' });
  });

  it('are not those that must not be used without validation', () => {
    expect(storedHeaders({ 'Set-Cookie': ['a=1'], etag: '"a"' }, ['set-cookie'])).toEqual({ etag: '"a"' });
  });

  it('are updated by a 304, but for those of the body and the Age (§3.2)', () => {
    const before = { a: '1', b: '1', age: '9', 'content-length': '5', 'content-encoding': 'x' };
    const update = { b: '2', c: '3', 'content-length': '9', 'content-encoding': 'y', connection: 'c' };
    expect(mergedHeaders(before, update)).toEqual({ a: '1', b: '2', 'content-length': '5', 'content-encoding': 'x' });
  });
});

describe('a condition of the caller’s (RFC 9111 §4.3.2)', () => {
  it.each<[string, Record<string, string>, boolean]>([
    ['"a"', { etag: '"a"' }, true],
    ['W/"a"', { etag: '"a"' }, true],
    ['"a"', { etag: 'W/"a"' }, true],
    ['"x", "a"', { etag: '"a"' }, true],
    ['"x,y"', { etag: '"x' }, false],
    ['*', {}, true],
    ['"a"', {}, false],
    ['"b"', { etag: '"a"' }, false],
  ])('If-None-Match: %s', (noneMatch, headers, expected) => {
    expect(isUnchanged({ noneMatch, modifiedSince: date(9) }, stored(headers))).toBe(expected);
  });

  it.each<[number, Record<string, string>, boolean]>([
    [0, { 'last-modified': date(0) }, true],
    [-1, { 'last-modified': date(0) }, false],
    [-1, { date: date(-2) }, true],
    [-1, {}, false],
  ])('If-Modified-Since: %i s from now', (since, headers, expected) => {
    expect(isUnchanged({ noneMatch: undefined, modifiedSince: date(since) }, stored(headers))).toBe(expected);
  });

  it('is answered without what tells of a body', () => {
    const headers = { etag: '"a"', 'content-type': 'x', 'content-length': '1', date: date(0) };
    expect(headersOf304(headers)).toEqual({ etag: '"a"', date: date(0) });
  });
});

describe('validation (RFC 9111 §4.3.1, §4.3.4, §4.3.5)', () => {
  it('asks with every validator that there is', () => {
    expect(validators(stored({ etag: '"a"', 'last-modified': date(0) }))).toEqual({
      'if-none-match': '"a"',
      'if-modified-since': date(0),
    });
    expect(validators(stored({}))).toBeUndefined();
  });

  it.each<[Record<string, string>, Record<string, string>, boolean]>([
    [{}, { etag: '"a"' }, true],
    [{ etag: '"a"' }, { etag: '"a"' }, true],
    [{ etag: '"b"' }, { etag: '"a"' }, false],
    [{ etag: '"b"' }, { 'last-modified': date(0) }, false],
    [{ 'last-modified': date(1) }, { 'last-modified': date(0) }, false],
    [{ 'last-modified': date(0) }, { 'last-modified': date(0) }, true],
  ])('takes a 304 with %o for one about %o: %s', (update, headers, expected) => {
    expect(confirms(update, stored(headers))).toBe(expected);
  });

  it('takes a HEAD for one about the stored response where nothing speaks against it', () => {
    expect(describes({}, stored({ etag: '"a"' }))).toBe(true);
    expect(describes({ etag: '"b"' }, stored({ etag: '"a"' }))).toBe(false);
    expect(describes({ 'content-length': '2' }, stored({ 'content-length': '1' }))).toBe(false);
  });
});

describe('what selects a response (RFC 9111 §4.1)', () => {
  const valuesOf = (headers: Record<string, unknown>) => (name: string) => headers[name];
  const matches = (vary: string | string[], one: Record<string, unknown>, other: Record<string, unknown>) =>
    isSelected(
      selectorsOf({ vary }, valuesOf(one), () => false),
      valuesOf(other),
      () => false,
    );

  it.each<[string, Record<string, unknown>, Record<string, unknown>, boolean]>([
    ['foo', { foo: '1' }, { foo: '1', bar: '2' }, true],
    ['Foo', { foo: '1' }, { foo: '2' }, false],
    ['foo', {}, { foo: '1' }, false],
    ['foo', {}, { foo: false }, true],
    ['foo, bar', { foo: '1', bar: '1' }, { foo: '1', bar: '2' }, false],
    ['foo', { foo: ['1', '2'] }, { foo: '1,  2' }, true],
    ['foo', { foo: 'a' }, { foo: 'A' }, false],
    ['foo', { foo: '"a, b"' }, { foo: '"a,b"' }, false],
    ['accept-language', { 'accept-language': 'en, DE;q=0.5' }, { 'accept-language': 'de; q=0.5,en' }, true],
    ['accept', { accept: 'a/b' }, { accept: 'a/c' }, false],
  ])('Vary: %s, of %o and %o: %s', (vary, one, other, expected) => {
    expect(matches(vary, one, other)).toBe(expected);
  });

  it('is kept as a digest where it is a secret', () => {
    const selectors = selectorsOf(
      { vary: 'x-key, a' },
      valuesOf({ 'x-key': 'secret', a: '1' }),
      (name) => name === 'x-key',
    );
    expect(JSON.stringify(selectors)).not.toContain('secret');
    expect(selectors[1]).toEqual(['a', '1']);
    expect(normalized('a', ' 1 ')).toBe('1');
  });
});
