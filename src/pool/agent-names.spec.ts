import { Agent } from 'node:https';
import { describe, expect, it } from 'vitest';
import { ORIGIN, rememberNames } from './agents.js';

describe('rememberNames', () => {
  const plain = new Agent({ ca: 'PEM' });
  const remembering = new Agent({ ca: 'PEM' });
  rememberNames(remembering);

  const request = (rest: object) => ({ host: 'api.test', port: 443, ca: 'PEM', ...rest });
  const origin = { [ORIGIN]: 'https://api.test' };

  it.each([
    ['a first request', origin],
    ['the same once more', origin],
    ['another family', { ...origin, family: 6 }],
    ['another server name, from a Host header', { ...origin, servername: 'other.test' }],
    ['the first again', origin],
    ['another origin', { [ORIGIN]: 'https://api.test:8443', port: 8443 }],
    ['a request that tells no origin', { ca: 'OTHER' }],
  ])("is Node's name for %s", (_, rest) => {
    expect(remembering.getName(request(rest))).toBe(plain.getName(request(rest)));
  });

  it('is the name that a socket was given when it was opened', () => {
    expect(remembering.getName({ _agentKey: 'its name' } as object)).toBe('its name');
  });
});
