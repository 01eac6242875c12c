import { describe, expect, it } from 'vitest';
import { isSecretHeader, isSecretParam, redactionRules } from './rules.js';

describe('isSecretHeader', () => {
  it.each([
    'Authorization',
    'PROXY-AUTHORIZATION',
    'cookie',
    'Set-Cookie',
    'x-api-key',
    'api-key',
    'X-Auth',
    'x-auth-token',
    'X-Amz-Security-Token',
    'x-csrf-token',
    'x-hub-signature-256',
    'Stripe-Signature',
    'x-client-secret',
    'Ocp-Apim-Subscription-Key',
    'x-goog-api-key',
    'Private-Token',
    'x_session_id',
    'DPoP',
    ' cookie ',
  ])('%s is one', (name) => expect(isSecretHeader(name)).toBe(true));

  it.each([
    'accept',
    'content-type',
    'user-agent',
    'idempotency-key',
    'x-request-id',
    'traceparent',
    'retry-after',
    'etag',
    'x-author',
    'x-monkey',
    'keep-alive',
  ])('%s is none', (name) => expect(isSecretHeader(name)).toBe(false));
});

describe('isSecretParam', () => {
  it.each([
    'token',
    'key',
    'KEY',
    'secret',
    'password',
    'sig',
    'Signature',
    'X-Amz-Signature',
    'X-Amz-Credential',
    'X-Amz-Security-Token',
    'X-Goog-Signature',
    'AWSAccessKeyId',
    'awsaccesskeyid',
    'Key-Pair-Id',
    'code',
    'access_token',
    'refreshToken',
    'api_key',
    'apiKey',
    'apikey',
    'client_secret',
    'user[password]',
    'auth[]',
    'PHPSESSID',
    'jsessionid',
    'id_token',
    'SAMLResponse',
  ])('%s is one', (name) => expect(isSecretParam(name)).toBe(true));

  it.each([
    'page',
    'q',
    'country_code',
    'zipcode',
    'keyword',
    'monkey',
    'sort',
    'design',
    'assignee',
    'author',
    'limit',
  ])('%s is none', (name) => expect(isSecretParam(name)).toBe(false));
});

it('adds the names it is given, in whatever case', () => {
  const rules = redactionRules({ headers: ['X-Tenant'], query: ['Email'] });
  expect(rules.isSecretHeader('x-tenant')).toBe(true);
  expect(rules.isSecretHeader('authorization')).toBe(true);
  expect(rules.isSecretParam('EMAIL')).toBe(true);
  expect(rules.isSecretParam('x-tenant')).toBe(false);
  expect(isSecretHeader('x-tenant')).toBe(false);
});

it('judges a name the same however often, and however many others, it has judged', () => {
  const rules = redactionRules({ query: ['email'] });
  const judged = () => ['token', 'page', 'EMAIL', '__proto__', 'constructor', 'toString'].map(rules.isSecretParam);
  const expected = [true, false, true, false, false, false];
  expect(judged()).toEqual(expected);
  for (let n = 0; n < 3_000; n++) expect(rules.isSecretParam(`page${n}`)).toBe(false);
  expect(judged()).toEqual(expected);
  expect(judged()).toEqual(expected);
});
