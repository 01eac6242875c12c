import { describe, expect, expectTypeOf, it } from 'vitest';
import { type ParamsOf, pathPattern } from './path-pattern.js';

describe('a pattern', () => {
  it.each([
    ['*', 'GET', '/any/thing', {}],
    ['/users', 'POST', '/users', {}],
    ['GET /users/:id', 'GET', '/users/7', { id: '7' }],
    ['GET /users/:id/posts/:post', 'GET', '/users/a%2Fb/posts/%zz', { id: 'a/b', post: '%zz' }],
    ['/files/*', 'GET', '/files/a/b', {}],
    ['/v1.0/(x)', 'GET', '/v1.0/(x)', {}],
    ['/:name.json', 'GET', '/a.json', { name: 'a' }],
  ])('%s is for %s %s', (pattern, method, path, params) => {
    expect(pathPattern(pattern).match(method, path)).toEqual(params);
  });

  it.each([
    ['GET /users', 'POST', '/users'],
    ['/users', 'GET', '/users/'],
    ['/users', 'GET', '/users/7'],
    ['/users/:id', 'GET', '/users/'],
    ['/users/:id', 'GET', '/users/7/posts'],
    ['/v1.0', 'GET', '/v1x0'],
    ['/files/*', 'GET', '/files'],
  ])('%s is not for %s %s', (pattern, method, path) => {
    expect(pathPattern(pattern).match(method, path)).toBeUndefined();
  });

  it.each(['users', 'get /users', 'GET  ', '', '/users?page=1', 'GET https://a.example/'])('%j is none', (pattern) => {
    expect(() => pathPattern(pattern)).toThrow(/is no pattern: expected a path with an optional method/);
  });
});

it('the names in a pattern are known to the compiler', () => {
  expectTypeOf<ParamsOf<'GET /users/:id/posts/:post'>>().toEqualTypeOf<{
    readonly id: string;
    readonly post: string;
  }>();
  expectTypeOf<ParamsOf<string>>().toEqualTypeOf<Readonly<Record<string, string>>>();
});
