import { describe, expect, it } from 'vitest';
import { redactionRules } from '../redaction/rules.js';
import { containing, shownDifference } from './match-value.js';
import type { ReceivedRequest } from './received-request.js';
import { describeMatch, differencesFrom, distance, exactly, type RequestMatch } from './request-match.js';

const url = 'https://api.example.com/v1/users?page=2&tag=a&tag=b';
const body = {
  name: 'Ada',
  age: 36,
  address: { city: 'London', zip: 'W1' },
  tags: ['x', 'y'],
  at: '2026-01-01T00:00:00.000Z',
};
const REQUEST: ReceivedRequest = {
  client: 'github',
  method: 'POST',
  url,
  path: '/v1/users',
  query: new URL(url).searchParams,
  headers: { 'x-tenant': 'a', 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] },
  body,
  rawBody: Buffer.from(JSON.stringify(body)),
  attempt: 1,
};

const wheresOf = (match: RequestMatch) => differencesFrom(match, REQUEST).map(({ where }) => where);

describe('a request is as expected', () => {
  it.each<[string, RequestMatch]>([
    ['a path, whatever the query', '/v1/users'],
    ['a path with its query, in any order', '/v1/users?tag=a&tag=b&page=2'],
    ['an absolute URL', 'https://api.example.com/v1/users'],
    ['a URL', new URL('https://api.example.com/v1/users')],
    ['a regular expression', /users\?page=\d/],
    ['a regular expression that remembers', /users/g],
    ['a function of the URL', { url: ({ searchParams }: URL) => searchParams.has('page') }],
    ['a function of the request', ({ attempt }: ReceivedRequest) => attempt === 1],
    ['nothing in particular', {}],
    ['a method in lower case', { method: 'post' }],
    ['a client', { client: 'github' }],
    ['some of the query', { query: { page: 2 } }],
    ['all of the query', { query: exactly({ page: 2, tag: ['a', 'b'] }) }],
    ['a parameter by its pattern, one that is not there', { query: { page: /^\d$/, other: null } }],
    ['a parameter by a function', { query: { page: (value: string) => value === '2' } }],
    ['a parameter that is left open', { query: { page: undefined as never } }],
    ['headers in any case', { headers: { 'X-Tenant': 'a', accept: null, 'set-cookie': ['a=1', /b/] } }],
    ['a header by vitest', { headers: { 'content-type': expect.stringContaining('json') } }],
    ['the whole body', { body }],
    ['a body with what JSON leaves out, and dates', { body: { ...body, none: undefined, at: new Date('2026-01-01') } }],
    ['some of the body', { body: containing({ address: { city: 'London' }, tags: ['x', 'y'] }) }],
    ['a body by vitest', { body: expect.objectContaining({ age: expect.any(Number) }) }],
    ['a body with matchers in it', { body: { ...body, age: (age: number) => age > 30, name: /^A/ } }],
    ['a body by a function', { body: ({ name }: typeof body) => name === 'Ada' }],
    ['a body by its text', { body: /"city":"London"/ }],
    ['the text of a body', { body: JSON.stringify(body) }],
    ['the bytes of a body', { body: Buffer.from(JSON.stringify(body)) }],
  ])('%s', (_what, match) => {
    expect(differencesFrom(match, REQUEST)).toEqual([]);
  });
});

describe('a request is not as expected', () => {
  it.each<[string, RequestMatch, string[]]>([
    ['another path', '/users', ['url']],
    ['a path that is longer', '/v1/users/1', ['url']],
    ['another host', 'https://other.example/v1/users', ['url']],
    ['another query', '/v1/users?page=2', ['url']],
    ['a regular expression', /orders/, ['url']],
    ['a function of the URL', { url: () => false }, ['url']],
    ['a function of the request', () => false, ['what it returns']],
    ['a function that answers no boolean', (() => 'yes') as never, ['what it returns']],
    ['method and client', { method: 'GET', client: 'default' }, ['client', 'method']],
    ['a parameter', { query: { page: 3, other: 'x' } }, ['query.page', 'query.other']],
    ['a parameter that must not be there', { query: { page: null } }, ['query.page']],
    ['one of several', { query: { tag: 'a' } }, ['query.tag']],
    ['in another order', { query: { tag: ['b', 'a'] } }, ['query.tag.0', 'query.tag.1']],
    [
      'a parameter too many, of a name that objects have anyway',
      { query: exactly(Object.create({ page: 2 })) },
      ['query.page', 'query.tag'],
    ],
    ['a parameter too many', { query: exactly({ page: 2 }) }, ['query.tag']],
    [
      'headers',
      { headers: { 'x-tenant': 'b', accept: /json/, 'content-type': null } },
      ['headers.x-tenant', 'headers.accept', 'headers.content-type'],
    ],
    ['a body that has more', { body: { name: 'Ada' } }, ['body.age', 'body.address', 'body.tags', 'body.at']],
    ['a body, somewhere within', { body: { ...body, address: { city: 'Paris', zip: 'W1' } } }, ['body.address.city']],
    ['a list that is longer', { body: containing({ tags: ['x'] }) }, ['body.tags']],
    ['a list in place of an object', { body: [] }, ['body']],
    [
      'some of the body',
      { body: containing({ address: { city: 'Paris' }, missing: 1 }) },
      ['body.address.city', 'body.missing'],
    ],
    ['a name that objects have anyway', { body: containing({ toString: 'x' }) }, ['body.toString']],
    ['a body by its text', { body: /Paris/ }, ['body']],
    ['the bytes of a body', { body: Buffer.from('x') }, ['body']],
    ['no body', { body: null }, ['body']],
  ])('%s', (_what, match, wheres) => {
    expect(wheresOf(match)).toEqual(wheres);
  });
});

it.each([
  [Buffer.from('abd'), "body: expected '3 bytes', got '3 bytes, others from byte 2 on'"],
  [Buffer.from('abcd'), "body: expected '4 bytes', got '3 bytes, others from byte 3 on'"],
  [Buffer.from('ab'), "body: expected '2 bytes', got '3 bytes, others from byte 2 on'"],
])('bytes that differ are told by their number and the first that differs', (expected, told) => {
  const differences = differencesFrom({ body: expected }, { ...REQUEST, rawBody: Buffer.from('abc') });
  expect(differences.map((difference) => shownDifference(difference, redactionRules()))).toEqual([told]);
});

it('containing works within expect', () => {
  expect({ a: { b: 1, c: 2 } }).toEqual({ a: containing({ b: 1 }) });
  expect({ a: { b: 1 } }).not.toEqual({ a: containing({ b: 2 }) });
});

it.each<[string, RequestMatch]>([
  ['any method /users', '/users'],
  ['POST /users of client "github"', { method: 'post', url: '/users', client: 'github' }],
  [
    "GET any URL with query { page: 2 } with headers { 'x-a': '1' }",
    { method: 'GET', query: exactly({ page: 2 }), headers: { 'x-a': '1' } },
  ],
  ['any method /orders/ with body { id: 1 }', { url: /orders/, body: containing({ id: 1 }) }],
  [
    'what isMine accepts',
    function isMine() {
      return true;
    },
  ],
])('is described as %s', (text, match) => {
  expect(describeMatch(match, redactionRules())).toBe(text);
});

it('the less a request has in common with what is expected, the farther it is', () => {
  const matches: RequestMatch[] = [
    { method: 'POST', url: '/v1/users' },
    { method: 'POST', url: '/v1/users', body: containing({ name: 'Bob' }) },
    { method: 'GET', url: '/v1/users' },
    { method: 'POST', url: '/v1/orders' },
    { method: 'GET', url: '/v1/orders' },
    { method: 'GET', url: '/health' },
  ];
  const distances = matches.map((match) => distance(differencesFrom(match, REQUEST)));
  expect(distances).toEqual(distances.toSorted((a, b) => a - b));
  expect(new Set(distances).size).toBe(matches.length);
});
