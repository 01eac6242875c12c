import axios, { AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confinement } from './confinement.js';

const BASE = 'https://api.example.com/v1';
const config = (url: unknown, more: object = {}) =>
  ({ url, baseURL: BASE, allowAbsoluteUrls: true, headers: new AxiosHeaders(), ...more }) as InternalAxiosRequestConfig;
const inOrigin = confinement({ baseURL: BASE, within: 'origin' });
const inPath = confinement({ baseURL: BASE, within: 'path' });

/** Where the request would go: axios's way of joining, and the URL parser. */
const destination = (given: InternalAxiosRequestConfig) => {
  try {
    return new URL(axios.create().getUri(given));
  } catch {
    return undefined;
  }
};

/** Source → URLs that lead to another origin. */
const ESCAPES: Readonly<Record<string, readonly string[]>> = {
  'CVE-2025-27152 (axios): absolute URLs': [
    'https://evil.example/',
    'HTTPS://evil.example',
    'https://evil.example/v1',
    'hTtPs://api.example.com.evil.example/',
    'ftp://api.example.com/v1',
    'http://evil.example:443/',
    'ws://api.example.com/',
    'x-y.z+1://api.example.com/',
  ],
  'CVE-2024-39338 (axios): protocol-relative URLs': [
    '//evil.example',
    '//evil.example/v1',
    '//api.example.com@evil.example/',
    '///evil.example',
    '//\tevil.example/',
  ],
  'RFC 6454 §4: another scheme or port': [
    'http://api.example.com/v1',
    'https://api.example.com:444/v1',
    'https://api.example.com:80/',
  ],
  'CVE-2022-0512 (url-parse): user information': [
    'https://api.example.com@evil.example/',
    'https://api.example.com:443@evil.example/v1',
    'https://api.example.com%2f@evil.example/',
    'https://api.example.com;@evil.example',
  ],
  'CVE-2021-27515 (url-parse): backslashes': [
    'https://evil.example\\@api.example.com/',
    'https://evil.example\\.api.example.com/',
    '//evil.example\\@api.example.com',
  ],
  'UTS #46, look-alikes': [
    'https://api。evil.example/',
    'https://аpi.example.com/',
    'https://api.example.com./',
    'https://api.example.com%2eevil.example/',
  ],
  'suffixes and prefixes': [
    'https://api.example.com.evil.example/',
    'https://evilapi.example.com/',
    'https://example.com/v1',
    'https://api.example.comm/',
  ],
};

/** Source → URLs that only look as if they did: axios puts the base URL in front of them. */
const HARMLESS: Readonly<Record<string, readonly string[]>> = {
  relative: [
    '',
    '/',
    'users',
    '/users?next=https://evil.example',
    'users#//evil.example',
    '?a=b',
    'a//b',
    './a',
    'a:b',
  ],
  'user information without a scheme': ['@evil.example/', ':80@evil.example/', '/@evil.example'],
  'CVE-2022-0691 (url-parse): white space and control characters': [
    ' https://evil.example/',
    '\thttps://evil.example/',
    'ht\ntps://evil.example/',
    '/\t/evil.example',
    '\n//evil.example',
    '\u0000//evil.example',
  ],
  backslashes: ['\\\\evil.example', '/\\evil.example', '\\/evil.example', 'https:\\\\evil.example'],
  'RFC 3986 §5.2.4: dot segments': ['..', '../..//evil.example', '/../../x', '%2e%2e/x', '..\\..\\x'],
  'other schemes': ['javascript:alert(1)', 'data:text/plain,x', 'mailto:a@b.example'],
};

const rows = (table: typeof ESCAPES) =>
  Object.entries(table).flatMap(([source, urls]) => urls.map((url) => [url, source]));

describe('confinement to an origin', () => {
  it.each(rows(ESCAPES))('refuses %j (%s)', (url) => {
    expect(inOrigin(config(url))).toBe(false);
    expect(inPath(config(url))).toBe(false);
    expect(inOrigin(config(url, { baseURL: undefined }))).toBe(false);
  });

  it.each(rows(HARMLESS))('lets %j through, which stays (%s)', (url) => {
    const given = config(url);
    expect(inOrigin(given)).toBe(true);
    const there = destination(given);
    if (there) expect(there.origin).toBe('https://api.example.com');
  });

  it.each([
    ['https://api.example.com/v1/users'],
    ['https://API.example.com:443/v2?a=b'],
    ['https://user:password@api.example.com/'],
  ])('lets the absolute URL %s through, as in links to a next page', (url) => {
    expect(inOrigin(config(url))).toBe(true);
  });

  it('goes by the base URL of the client, whatever the call brings', () => {
    expect(inOrigin(config('/users', { baseURL: 'https://evil.example' }))).toBe(false);
    expect(inOrigin(config('/users', { baseURL: 'https://api.example.com/v2' }))).toBe(true);
    expect(inOrigin(config('https://evil.example', { allowAbsoluteUrls: false }))).toBe(true); // joined
    expect(inOrigin(config(new URL('https://evil.example'), { baseURL: undefined }))).toBe(false);
    expect(inOrigin(config(['https://evil.example'], { baseURL: undefined }))).toBe(false);
  });

  it('agrees with where axios and the URL parser go, for any text', () => {
    const piece = fc.constantFrom(
      '/',
      '//',
      '\\',
      '..',
      '.',
      '%2e',
      '%2f',
      '%5c',
      ':',
      '@',
      '#',
      '?',
      ';',
      '\t',
      '\n',
      ' ',
      '\u0000',
      'http:',
      'https:',
      'ftp:',
      'evil.example',
      'api.example.com',
      ':443',
      ':80',
      'v1',
      'a',
      '[::1]',
      '%',
      '。',
    );
    const base = fc.constantFrom(BASE, undefined, 'https://api.example.com', 'https://evil.example/v1', '');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), base, fc.boolean(), (pieces, baseURL, allowAbsoluteUrls) => {
        const given = config(pieces.join(''), { baseURL, allowAbsoluteUrls });
        const there = destination(given);
        if (there && there.origin !== 'https://api.example.com') expect(inOrigin(given)).toBe(false);
        if (there?.origin === 'https://api.example.com') expect(inOrigin(given)).toBe(true);
        if (inPath(given) && there) expect(`${there.pathname}/`).toMatch(/^\/v1\//);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('confinement to a path', () => {
  it.each([
    ['users'],
    ['/users/1?next=/../admin'],
    [''],
    ['?a=b'],
    ['/a/../b'],
    ['/a/%2e%2e/b'],
    ['..a/b..'],
    ['/a...b'],
    ['https://api.example.com/v1'],
    ['https://api.example.com/v1/users'],
    ['/50%25'],
    ['/a%2fb'],
    ['/caf%C3%A9'],
    ['/%ff'],
    ['/.well-known/x'],
  ])('lets %j through', (url) => expect(inPath(config(url))).toBe(true));

  it.each([
    ['..', 'RFC 3986 §5.2.4'],
    ['../admin', 'RFC 3986 §5.2.4'],
    ['/a/../../admin', 'RFC 3986 §5.2.4'],
    ['../v1x', 'a prefix that is no segment'],
    ['https://api.example.com/v2', 'an absolute URL'],
    ['https://api.example.com/', 'an absolute URL'],
    ['https://api.example.com/V1/users', 'paths tell cases apart'],
    ['https://api.example.com//v1/users', 'an empty segment'],
    ['%2e%2e/admin', 'CVE-2021-41773 (Apache)'],
    ['.%2e/admin', 'CVE-2021-41773 (Apache)'],
    ['%2E./admin', 'CVE-2021-41773 (Apache)'],
    ['..\\admin', 'WHATWG URL: a backslash is a slash'],
    ['.\t./admin', 'WHATWG URL: a tab is nothing'],
    ['.\n.\r/admin', 'WHATWG URL: a line break is nothing'],
    ['..%2fadmin', 'decoded by the server'],
    ['a%2f..%2f..%2fadmin', 'decoded by the server'],
    ['..%5cadmin', 'decoded by the server'],
    ['%252e%252e/admin', 'CVE-2021-42013 (Apache), CVE-2001-0333 (IIS): decoded twice'],
    ['..%252fadmin', 'decoded twice'],
    ['%25252e%25252e%25252fadmin', 'decoded three times'],
    ['%%32%65%%32%65/admin', 'CVE-2021-42013 (Apache)'],
    ['..%c0%afadmin', 'CVE-2000-0884 (IIS): overlong UTF-8'],
    ['..%c1%9cadmin', 'CVE-2000-0884 (IIS)'],
    ['%c0%ae%c0%ae/admin', 'CVE-2008-2938 (Tomcat)'],
    ['%e0%80%ae%e0%80%ae/admin', 'CVE-2008-2938 (Tomcat)'],
    ['..%2f%ffadmin', 'next to a byte that is no UTF-8'],
    ['..;/admin', 'Orange Tsai, Breaking Parser Logic (2018); CVE-2020-5902 (F5)'],
    ['..;a=b/admin', 'Orange Tsai, Breaking Parser Logic (2018)'],
    ['..%3b/admin', 'Orange Tsai, Breaking Parser Logic (2018)'],
    ['..%00/admin', 'a control character that the server drops'],
    ['.%0a./admin', 'a control character that the server drops'],
    ['..%20/admin', 'a space that the server drops'],
    ['..%09/admin', 'a tab that the server drops'],
    ['%ef%bc%8e%ef%bc%8e/admin', 'fullwidth full stops'],
    ['..%ef%bc%8fadmin', 'a fullwidth solidus'],
    ['%e2%80%a5/admin', 'a two dot leader'],
    [`%25${'25'.repeat(8)}2e`, 'encoded more often than anybody decodes'],
  ])('refuses %j (%s)', (url) => {
    expect(inPath(config(url))).toBe(false);
  });

  it('is that to the origin where the base URL has no path', () => {
    const inRoot = confinement({ baseURL: 'https://api.example.com', within: 'path' });
    expect(inRoot(config('/..%2fx', { baseURL: 'https://api.example.com' }))).toBe(true);
    expect(inRoot(config('https://evil.example'))).toBe(false);
  });

  it('does not mind a slash at the end of the base URL', () => {
    const baseURL = `${BASE}//`;
    expect(confinement({ baseURL, within: 'path' })(config('/users', { baseURL }))).toBe(true);
  });
});
