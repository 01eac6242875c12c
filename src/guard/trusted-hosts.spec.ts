import { describe, expect, it } from 'vitest';
import { hostMatcher, isHostPattern } from './trusted-hosts.js';

describe('isHostPattern', () => {
  it.each([
    'example.com',
    'EXAMPLE.com',
    'example.com.',
    '*.example.com',
    'localhost',
    '127.0.0.1',
    '::1',
    '[::1]',
    'bücher.example',
    '*.svc',
    'under_score.example',
  ])('takes %s', (host) => expect(isHostPattern(host)).toBe(true));

  it.each([
    '',
    '*',
    '*.',
    '.',
    'example.com:80',
    'http://example.com',
    'example.com/',
    'a@example.com',
    'a b',
    '*.*.com',
    'ex*mple.com',
    '*example.com',
    '*.0.0.1',
    '*.1',
    '[::1]:80',
    'example.com?',
    'example.com#',
    'a\\b',
    '256.0.0.1',
  ])('does not take %j', (host) => expect(isHostPattern(host)).toBe(false));
});

describe('hostMatcher', () => {
  const matches = hostMatcher(['api.Example.com', '*.svc.example', '0x7f.1', '[::1]', 'bücher.example']);

  it.each([
    'api.example.com',
    'API.EXAMPLE.COM',
    'api.example.com.',
    'a.svc.example',
    'a.b.svc.example.',
    '127.0.0.1',
    '::1',
    'xn--bcher-kva.example',
  ])('knows %s', (host) => expect(matches(host)).toBe(true));

  it.each([
    'example.com',
    'x.api.example.com',
    'api.example.com.evil.test',
    'svc.example',
    '.svc.example',
    'evilsvc.example',
    '127.0.0.2',
    '::',
    '',
    'api.example.com..',
  ])('does not know %j', (host) => expect(matches(host)).toBe(false));
});
