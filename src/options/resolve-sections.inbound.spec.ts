import { describe, expect, it } from 'vitest';
import { InvalidOptionsError } from '../errors/refusal.errors.js';
import { resolveModuleOptions } from './resolve-options.js';
import { resolveInbound } from './resolve-sections.js';

describe('resolveInbound', () => {
  it('is off unless asked for', () => {
    expect([resolveInbound(undefined), resolveInbound(false)]).toEqual([false, false]);
  });

  it('reads a deadline, and tells nobody of anything, by default', () => {
    expect(resolveInbound(true)).toEqual({
      deadlineHeader: 'x-request-timeout-ms',
      forwardHeaders: ['x-request-id', 'traceparent', 'tracestate', 'baggage', 'accept-language'],
      forwardTo: new Set(),
    });
  });

  it('takes names in any case', () => {
    const to = ['https://stock.internal.test'];
    expect(resolveInbound({ deadlineHeader: 'X-Deadline', forward: { headers: ['X-Tenant'], to } })).toEqual({
      deadlineHeader: 'x-deadline',
      forwardHeaders: ['x-tenant'],
      forwardTo: new Set(to),
    });
  });

  it('is checked with the other options', () => {
    const inbound = { deadlineHeader: 'no name', forward: { to: ['stock.test'], headers: ['Host'] }, cancel: true };
    expect(() => resolveModuleOptions({ inbound })).toThrow(
      new InvalidOptionsError('HttpClientModule.forRoot', [
        'inbound.deadlineHeader: expected the name of a header, or false, got "no name"',
        'inbound.forward.headers.0: expected the name of a header that is not of one connection or message, got "Host"',
        'inbound.forward.to.0: expected an origin, as \'https://api.example.com\', got "stock.test"',
        'inbound.cancel: expected one of the options deadlineHeader, forward, got an unknown option',
      ]),
    );
  });
});
