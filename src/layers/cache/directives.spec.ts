import { describe, expect, it } from 'vitest';
import { directivesOf, fieldsOf, isUnqualified, secondsOf, targetedDirectives } from './directives.js';

describe('the directives of Cache-Control (RFC 9111 §5.2)', () => {
  it.each<[string, number | undefined]>([
    ['max-age=60', 60],
    ['MAX-AGE=60', 60],
    ['foo, max-age=60', 60],
    [' , max-age=60 ,', 60],
    ['max-age="60"', 60],
    ['max-age=0060', 60],
    ['max-age=99999999999', 2 ** 31],
    ['extension="max-age=60"', undefined],
    ['extension="max-age=60", max-age=1', 1],
    ['max-age=1, extension="a, max-age=60"', 1],
    ['extension="\\", max-age=60", max-age=1', 1],
    ['s-maxage=60', undefined],
    ['max-age=60, max-age=30', 30],
    ["max-age='60'", 0],
    ['max-age', 0],
    ['max-age=', 0],
    ['max-age =60', 0],
    ['max-age= 60', 0],
    ['max-age=-60', 0],
    ['max-age=6.0', 0],
    ['max-age=60a', 0],
    ['max-age=60;x', 0],
    ['', undefined],
  ])('%j has a max-age of %o', (field, seconds) => {
    expect(secondsOf(directivesOf(field), 'max-age')).toBe(seconds);
  });

  it('may be in several lines', () => {
    expect(secondsOf(directivesOf(['public', 'max-age=60']), 'max-age')).toBe(60);
  });

  it('may be for some fields only', () => {
    const directives = directivesOf('no-cache="Set-Cookie, X-A", private');
    expect(isUnqualified(directives, 'no-cache')).toBe(false);
    expect(fieldsOf(directives, 'no-cache')).toEqual(['set-cookie', 'x-a']);
    expect(isUnqualified(directives, 'private')).toBe(true);
    expect(isUnqualified(directivesOf('no-cache="a", no-cache'), 'no-cache')).toBe(true);
  });

  it('end, whatever is in the field', () => {
    for (const field of ['"', '"""', '=', '==,=', 'a="', 'a="\\', ',,,', '\u0000', 'a==b', 'a"b"c'])
      directivesOf(field);
  });
});

describe('a targeted field (RFC 9213 §2.1)', () => {
  it.each<[string, number | undefined]>([
    ['max-age=60', 60],
    ['public, max-age=60;x=1', 60],
    ['max-age=60, max-age=30', 30],
    ['must-revalidate, max-age=60', 60],
    ['no-store=?0, max-age=1', 1],
    ['x="a, b", max-age=60', 60],
  ])('%j counts', (field, seconds) => {
    const directives = targetedDirectives(field)!;
    expect(secondsOf(directives, 'max-age')).toBe(seconds);
    expect(directives.has('no-store')).toBe(false);
  });

  it.each([['Max-Age=60'], ['max-age=60,'], ['max-age =60'], ['&'], [''], [undefined]])('%j is ignored', (field) => {
    expect(targetedDirectives(field)).toBeUndefined();
  });
});
