import { Axios } from 'axios';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSecretParam, redactionRules } from './rules.js';
import { addressOf, joinedUrl, redactToAddress, redactUrl } from './url.js';

describe('redactUrl', () => {
  it.each([
    ['https://user:pw@a.example/p', 'https://a.example/p'],
    ['https://token@a.example/p', 'https://a.example/p'],
    ['//user:pw@a.example/p', '//a.example/p'],
    ['HTTP:\\\\user:pw@a.example', 'HTTP:\\\\a.example'],
    ['http:user:pw@a.example', 'http:a.example'],
    ['https://us@er:p@w@a.example/@me?to=x@y.z', 'https://a.example/@me?to=x@y.z'],
    ['ht\ntp://user:\tpw@a.example', 'http://a.example'],
    ['http://user:p/w@a.example/', 'http://a.example/'],
    ['http://user:p?w#@a.example/', 'http://a.example/'],
    ['/p?token=t&page=2', '/p?token=[redacted]&page=2'],
    ['/p?token=', '/p?token='],
    ['/p?%74oken=t', '/p?%74oken=[redacted]'],
    ['/p?to\nken=t', '/p?token=[redacted]'],
    ['/p?page=2;sig=s#access_token=a&x=1', '/p?page=2;sig=[redacted]#access_token=[redacted]&x=1'],
    ['/p;jsessionid=s/q', '/p;jsessionid=[redacted]'],
    ['/p?back=https://b.example/?code=c', '/p?back=https://b.example/?code=[redacted]'],
    ['/p?back=https%3A%2F%2Fb.example%2F%3Fcode%3Dc&a=1', '/p?back=[redacted]&a=1'],
    ['/p?back=https%3A%2F%2Fu%3Ap%40b.example', '/p?back=[redacted]'],
    ['/p?back=https%253A%252F%252Fb.example%252F%253Fcode%253Dc', '/p?back=[redacted]'],
    ['/p?filter=token%3Dt', '/p?filter=[redacted]'],
    ['/fetch/https://u:p@b.example/p?token=t', '/fetch/https://b.example/p?token=[redacted]'],
    ['/p?q=100%', '/p?q=100%'],
    ['/users/@me', '/users/@me'],
    ['', ''],
  ])('makes of %j %j', (url, expected) => expect(redactUrl(url)).toBe(expected));

  it('knows the names of its own', () => {
    expect(redactUrl('/p?email=a@b.c', redactionRules({ query: ['email'] }))).toBe('/p?email=[redacted]');
  });

  it('changes nothing twice', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
        expect(redactUrl(redactUrl(url))).toBe(redactUrl(url));
      }),
    );
  });

  const CANARY = 'CANARY7';
  const secretName = fc.constantFrom('token', 'X-Amz-Signature', 'apiKey', 'user[password]', 'code', 'sig', 'KEY');
  const plainName = fc.constantFrom('page', 'q', 'filter[name]', 'äöü', 'a b');
  const value = fc.string({ unit: 'binary', maxLength: 8 });
  const pair = (name: fc.Arbitrary<string>, content: fc.Arbitrary<string>) =>
    fc.tuple(name, content).map(([key, text]) => `${encodeURIComponent(key)}=${encodeURIComponent(text)}`);
  const canary = value.map((text) => `${CANARY}${text}`);
  const base = fc.webUrl({ validSchemes: ['http', 'https'] });

  it('shows no value of a secret parameter, wherever it is, nor what is before an @', () => {
    const secretPair = pair(secretName, canary);
    const others = fc.array(pair(plainName, value), { maxLength: 3 });
    const inner = fc
      .tuple(base, others, secretPair)
      .map(([url, before, last]) => `${url}?${[...before, last].join('&')}`);
    fc.assert(
      fc.property(base, others, secretPair, others, inner, canary, (url, before, planted, after, nested, password) => {
        const withUser = url.replace('://', `://user:${encodeURIComponent(password)}@`);
        const query = [...before, planted, ...after, `back=${encodeURIComponent(nested)}`].join('&');
        expect(redactUrl(`${withUser}?${query}#${planted}`)).not.toContain(CANARY);
      }),
    );
  });

  it('leaves a URL as it is that has no secrets', () => {
    const text = fc.string({ unit: fc.constantFrom(...Array.from('abc/?é =%&')), maxLength: 8 });
    fc.assert(
      fc.property(base, fc.array(pair(plainName, text), { maxLength: 4 }), (url, pairs) => {
        const whole = `${url}?${pairs.join('&')}`;
        fc.pre([...new URL(whole).searchParams.keys()].every((name) => !isSecretParam(name)));
        expect(redactUrl(whole)).toBe(whole);
      }),
    );
  });

  it('takes any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(typeof redactUrl(text)).toBe('string');
      }),
    );
  });
});

it('redactToAddress leaves query and fragment out', () => {
  expect(redactToAddress('https://u:p@a.example/p;sid=s?page=2#x')).toBe('https://a.example/p;sid=[redacted]');
  expect(redactToAddress('/p?page=2')).toBe('/p');
  expect(redactToAddress('http://u:p?w@a.example/')).toBe('http://a.example/');
});

describe('an address that has nothing to hide', () => {
  it.each([
    ['http://api.example/users/1', 'http://api.example/users/1'],
    ['http://api.example', 'http://api.example'],
    ['http://api.example/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefgh', 'http://api.example/[redacted]'],
    ['http://256.256.256.256/a', 'invalid URL'],
    ['http://api.example:99999/a', 'invalid URL'],
    ['http://api.example/a?token=abc', 'http://api.example/a'],
    ['http://u:p@api.example/a', 'http://api.example/a'],
  ])('%s is shown as %s, also the second time', (url, shown) => {
    expect([addressOf({ url }), addressOf({ url })]).toEqual([shown, shown]);
  });

  it.each([
    ['http://a.example', '/b'],
    ['http://a.example/', '/b'],
    ['http://a.example//', '//b'],
    ['http://a.example', 'b'],
    ['http://a.example/c/', '///b'],
    ['http://a.example', ''],
    ['http://a.example', '/'],
    ['', '/b'],
    ['http://a.example', 'http://b.example/c'],
    ['http://a.example', '//b.example/c'],
  ])('of base %s and URL %s is what axios makes of them', (baseURL, url) => {
    for (const allowAbsoluteUrls of [undefined, true, false]) {
      const joined = joinedUrl(baseURL, url, allowAbsoluteUrls);
      expect(joined).toBe(
        new Axios({}).getUri({ baseURL, url, ...(allowAbsoluteUrls !== undefined && { allowAbsoluteUrls }) }),
      );
    }
  });
});
