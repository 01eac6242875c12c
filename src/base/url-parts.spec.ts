import { describe, expect, it } from 'vitest';
import { portOf, withoutBrackets } from './url-parts.js';

describe('the parts of a URL', () => {
  it.each([
    ['http://[::1]:8080/', '::1', 8080],
    ['https://example.com/', 'example.com', 443],
    ['http://10.0.0.7/', '10.0.0.7', 80],
    ['https://example.com:80/', 'example.com', 80],
  ])('%s: the host as sockets have it, and the port', (address, host, port) => {
    const url = new URL(address);
    expect([withoutBrackets(url.hostname), portOf(url)]).toEqual([host, port]);
  });
});
