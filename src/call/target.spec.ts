import { AxiosHeaders } from 'axios';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestTarget, targetOf, urlOf } from './target.js';

const targetFor = (url: string, baseURL?: string) => requestTarget({ url, baseURL, headers: new AxiosHeaders() });

describe('requestTarget', () => {
  it('is what a URL parser makes of the address, whatever characters it has', () => {
    const host = fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.constantFrom('127.1', '0x7f.1', 'a..b', '1.2.3.4.5', 'LOCALHOST', '-'),
    );
    const port = fc.oneof(
      fc.constant(''),
      fc.nat(70_000).map((n) => `:${n}`),
    );
    const part = fc.oneof(
      fc.constantFrom(
        '.',
        '..',
        '%2e',
        '%2E.',
        '',
        'a',
        'ä',
        ' ',
        '%',
        '%zz',
        '|',
        '"',
        '\\',
        "'",
        '{',
        '^',
        '`',
        '//',
        '@',
        ':',
      ),
      fc.string({ maxLength: 4 }),
    );
    const path = fc.array(part).map((parts) => parts.map((text) => `/${text}`).join(''));
    const query = fc.oneof(
      fc.constant(''),
      fc.array(part).map((parts) => `?${parts.join('&')}`),
    );
    fc.assert(
      fc.property(fc.constantFrom('http', 'https'), host, port, path, query, (scheme, ...rest) => {
        const address = `${scheme}://${rest.join('')}`;
        if (!URL.canParse(address)) expect(() => targetFor(address)).toThrow();
        else expect(targetFor(address)).toEqual(targetOf(new URL(address)));
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ['http://a.example', '/b', 'http://a.example/b'],
    ['http://a.example/', 'b', 'http://a.example/b'],
    ['http://a.example//v1//', '//b', 'http://a.example//v1/b'],
    ['http://a.example/v1', '', 'http://a.example/v1'],
    ['http://a.example/v1', '?q=1', 'http://a.example/v1/?q=1'],
    ['http://a.example', 'https://b.example:444/c', 'https://b.example:444/c'],
  ])('joins %s and %s as axios does', (baseURL, url, expected) => {
    // Two slashes are a URL of their own for axios, and here without a scheme.
    if (url.startsWith('//')) expect(() => targetFor(url, baseURL)).toThrow();
    else expect(urlOf(targetFor(url, baseURL)!)).toBe(expected.replace(/^(\w+:\/\/[^/]+)$/, '$1/'));
  });

  it('is none for another scheme', () => {
    expect(targetFor('ftp://a.example/')).toBeUndefined();
  });
});
