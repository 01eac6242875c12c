import { describe, expect, it } from 'vitest';
import { noTimings, type Timings } from '../../base/timings.js';
import { failedPhase } from './failed-phase.js';

describe('failedPhase', () => {
  it.each([
    ['ERR_POOL_TIMEOUT', 'queue'],
    ['ENOTFOUND', 'connect'],
    ['ERR_RESPONSE_TIMEOUT', 'response'],
    [503, 'response'],
    ['ERR_BODY_TIMEOUT', 'body'],
    ['ERR_CIRCUIT_OPEN', 'refused'],
    ['ECONNRESET', undefined],
  ])('of %s is %s', (outcome, phase) => expect(failedPhase(outcome, { timings: undefined, requests: 1 })).toBe(phase));

  it.each<[string, Partial<Timings>, number, string | undefined]>([
    ['for its turn', { queueMs: 5 }, 0, 'queue'],
    ['in a pause between attempts', { queueMs: 5 }, 1, undefined],
    ['for the name', { queueMs: 5, dnsMs: 5 }, 1, 'connect'],
    ['for the handshake', { dnsMs: 0, connectMs: 1, tlsMs: 5 }, 1, 'connect'],
    ['for the headers', { connectMs: 1, firstByteMs: 5 }, 1, 'response'],
    ['for the headers, on a reused socket', { firstByteMs: 5 }, 1, 'response'],
    ['for the body', { firstByteMs: 5, bodyMs: 0 }, 1, 'body'],
  ])('of a deadline that passed while waiting %s is by the timings', (_, timings, requests, phase) =>
    expect(failedPhase('ERR_DEADLINE_EXCEEDED', { timings: { ...noTimings(), ...timings }, requests })).toBe(phase),
  );

  it('is by the code where that tells', () =>
    expect(failedPhase('ERR_POOL_TIMEOUT', { timings: { ...noTimings(), connectMs: 5 }, requests: 1 })).toBe('queue'));
});
