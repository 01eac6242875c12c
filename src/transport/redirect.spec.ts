import { describe, expect, it } from 'vitest';
import { encodedLocation, redirectedHeaders, redirectOf } from './redirects.js';

const FROM = 'https://a.example/dir/page?q=1';

describe('redirectOf', () => {
  it.each([
    [301, 'GET', 'GET', true],
    [301, 'POST', 'GET', false],
    [301, 'PUT', 'PUT', true],
    [302, 'POST', 'GET', false],
    [302, 'DELETE', 'DELETE', true],
    [303, 'POST', 'GET', false],
    [303, 'PUT', 'GET', false],
    [303, 'HEAD', 'HEAD', true],
    [307, 'POST', 'POST', true],
    [308, 'PATCH', 'PATCH', true],
  ])('turns a %i of %s into %s', (status, method, expected, keepsBody) => {
    expect(redirectOf(status, '/x', method, FROM)).toEqual({
      url: new URL('https://a.example/x'),
      method: expected,
      keepsBody,
    });
  });

  it.each([
    ['//b.example/x', 'https://b.example/x'],
    ['other', 'https://a.example/dir/other'],
    ['?q=2', 'https://a.example/dir/page?q=2'],
  ])('resolves %s', (location, expected) => {
    expect(redirectOf(302, location, 'GET', FROM)?.url.href).toBe(expected);
  });

  it.each([
    [200, '/x'],
    [300, '/x'],
    [304, '/x'],
    [305, '/x'],
    [306, '/x'],
    [399, '/x'],
    [304, undefined],
    [302, undefined],
    [400, '/x'],
  ])('is none for %i with Location %s', (status, location) => {
    expect(redirectOf(status, location, 'GET', FROM)).toBeUndefined();
  });
});

describe('redirectedHeaders', () => {
  const HEADERS = {
    Authorization: 'a',
    COOKIE: 'b',
    'Proxy-Authorization': 'c',
    'X-Api-Key': 'd',
    Host: 'a.example',
    'Content-Type': 'text/plain',
    'Transfer-Encoding': 'chunked',
    Accept: '*/*',
  };

  it('leave out Host, which is the new target’s own', () => {
    const { Host: _host, ...rest } = HEADERS;
    expect({ ...redirectedHeaders(HEADERS, true, new Set()) }).toEqual(rest);
  });

  it('leave out what is about a body that does not go along', () => {
    const kept = redirectedHeaders(HEADERS, false, new Set());
    expect(kept).not.toHaveProperty('Content-Type');
    expect(kept).not.toHaveProperty('Transfer-Encoding');
  });

  it('leave out those that are not for the new target, in whatever case', () => {
    const secret = new Set(['authorization', 'cookie', 'proxy-authorization', 'x-api-key']);
    expect({ ...redirectedHeaders(HEADERS, true, secret) }).toEqual({
      'Content-Type': 'text/plain',
      'Transfer-Encoding': 'chunked',
      Accept: '*/*',
    });
  });
});

describe('encodedLocation', () => {
  const latin1 = (text: string) => Buffer.from(text).toString('latin1'); // as Node hands it over

  it.each([
    ['/größe', '/gr%C3%B6%C3%9Fe'],
    ['/日本?q=é#ü', '/%E6%97%A5%E6%9C%AC?q=%C3%A9#%C3%BC'],
    ['/gr%C3%B6%C3%9Fe', '/gr%C3%B6%C3%9Fe'],
    ['/a b', '/a b'],
    ['http://bücher.example/ü', 'http://b%C3%BCcher.example/%C3%BC'],
  ])('encodes the bytes of %s once', (location, expected) => {
    expect(encodedLocation(latin1(location))).toBe(expected);
  });

  it('takes the bytes of another encoding as they are', () => {
    expect(encodedLocation('/gr\u00f6\u00dfe')).toBe('/gr%F6%DFe');
  });

  it('leads to a host that is not ASCII', () => {
    const redirect = redirectOf(302, latin1('http://bücher.example/ü'), 'GET', FROM);
    expect(redirect?.url.href).toBe('http://xn--bcher-kva.example/%C3%BC');
  });
});
