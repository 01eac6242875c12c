import { AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createCall } from '../call/call.js';
import { requestTarget, urlOf } from '../call/target.js';
import { DEFAULT_RULES } from '../redaction/rules.js';
import { redactUrl } from '../redaction/url.js';
import { errorType, fullUrl, requestAttributes, serverAttributes, spanName } from './attributes.js';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

describe('serverAttributes', () => {
  it.each([
    ['https://api.example', { 'server.address': 'api.example', 'server.port': 443 }],
    ['http://api.example', { 'server.address': 'api.example', 'server.port': 80 }],
    ['http://api.example:8080', { 'server.address': 'api.example', 'server.port': 8080 }],
    ['http://[::1]:8080', { 'server.address': '::1', 'server.port': 8080 }],
    ['unix:/tmp/my.sock', { 'server.address': '/tmp/my.sock' }],
    ['invalid URL', {}],
  ])('of %s', (origin, attributes) => {
    expect(serverAttributes(origin)).toEqual(attributes);
  });
});

describe('requestAttributes', () => {
  it('have the template of a URL where there is one', () => {
    expect(requestAttributes('GET', 'http://a.example', '/users/{id}')).toEqual({
      'http.request.method': 'GET',
      'server.address': 'a.example',
      'server.port': 80,
      'url.template': '/users/{id}',
    });
    expect(requestAttributes('GET', 'http://a.example', undefined)).not.toHaveProperty('url.template');
  });

  it('know the methods of RFC 9110, PATCH and QUERY, and no others', () => {
    const known = ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE'];
    const methodOf = (method: string) => requestAttributes(method, '', undefined)['http.request.method'];
    expect(known.map(methodOf)).toEqual(known);
    expect(['PURGE', 'get', ''].map(methodOf)).toEqual(['_OTHER', '_OTHER', '_OTHER']);
  });

  it('know those instead that OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS has', async () => {
    vi.stubEnv('OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS', 'GET, PURGE');
    vi.resetModules();
    const { knownMethod } = await import('./attributes.js');
    expect(['GET', 'PURGE', 'POST'].map(knownMethod)).toEqual(['GET', 'PURGE', '_OTHER']);
  });
});

describe('fullUrl', () => {
  const of = (config: Partial<InternalAxiosRequestConfig>) => {
    const call = createCall({ method: 'get', headers: new AxiosHeaders(), ...config }, 'default');
    return { call, full: fullUrl(call, DEFAULT_RULES) };
  };

  it.each([
    'http://a.example',
    'http://a.example/',
    'http://a.example:80/users/7/',
    'https://a.example:443',
    'https://a.example:8443/v1.2/~ada/x_y-z',
    'http://127.1/x',
    'http://A.example/x',
    'http://a.example/x/../y',
    'http://a.example/x/.y',
    'http://a.example//x',
    'http://a.example/%7e/x?page=1',
    'http://u:hunter2@a.example/x',
    'http://a.example/x;token=hunter2',
    'http://a.example/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln/x',
  ])('%s is what is sent, without secrets', (url) => {
    const { call, full } = of({ url });
    const expected = redactUrl(urlOf(requestTarget(call.config)!)).replaceAll('[redacted]', 'REDACTED');
    expect(full).toBe(expected);
    expect(full).not.toMatch(/hunter2|c2ln/);
  });

  it.each([
    [{ baseURL: 'http://a.example/v1/', url: '/x' }, 'http://a.example/v1/x'],
    [{ baseURL: 'http://a.example/v1', url: 'http://b.example/x' }, 'http://b.example/x'],
    [{ url: 'http://a.example/x', params: { page: 1 } }, 'http://a.example/x?page=1'],
    [{ url: 'http://1.2.3.999/x' }, 'invalid URL'],
    [{ url: '/x', socketPath: '/tmp/it.sock' }, 'http://localhost/x'],
  ])('of %o is %s', (config, expected) => expect(of(config).full).toBe(expected));
});

describe('spanName', () => {
  it.each([
    ['GET', undefined, 'GET'],
    ['GET', '/users/{id}', 'GET /users/{id}'],
    ['PURGE', undefined, 'HTTP'],
    ['PURGE', '/users/{id}', 'HTTP /users/{id}'],
  ])('of %s %s is %s', (method, template, name) => {
    expect(spanName(method, template)).toBe(name);
  });
});

describe('errorType', () => {
  const error = (code?: unknown) => Object.assign(new RangeError('x'), { code });
  it.each<[string, number | undefined, unknown, string | undefined]>([
    ['nothing for an answer', 200, undefined, undefined],
    ['the status from 400 on', 400, undefined, '400'],
    ['the status also with an error', 503, error('ERR_BAD_RESPONSE'), '503'],
    ['nothing for a redirect that is refused', 302, error('ERR_BAD_RESPONSE'), undefined],
    ['the code for a redirect that fails', 302, error('ECONNRESET'), 'ECONNRESET'],
    ['the code where a status below 300 is refused', 204, error('ERR_BAD_RESPONSE'), 'ERR_BAD_RESPONSE'],
    ['the code without an answer', undefined, error('ENOTFOUND'), 'ENOTFOUND'],
    ['the class without a code', undefined, error(), 'RangeError'],
    ['the class where the code is no text', undefined, error(7), 'RangeError'],
    ['_OTHER for what is no error', undefined, 'text', '_OTHER'],
    ['_OTHER for null', undefined, null, '_OTHER'],
  ])('is %s', (_name, status, thrown, type) => {
    expect(errorType(status, thrown)).toBe(type);
  });
});
