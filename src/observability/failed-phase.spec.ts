import { describe, expect, it } from 'vitest';
import { failedPhase } from './failed-phase.js';

describe('failedPhase', () => {
  it.each([
    ['ERR_POOL_TIMEOUT', undefined, 'queue'],
    ['ENOTFOUND', undefined, 'connect'],
    ['ERR_RESPONSE_TIMEOUT', undefined, 'response'],
    ['ERR_BAD_RESPONSE', 503, 'response'],
    ['ERR_BODY_TIMEOUT', 200, 'body'],
    ['ERR_CIRCUIT_OPEN', undefined, 'refused'],
    ['ECONNRESET', undefined, undefined],
    [undefined, undefined, undefined],
  ])('of %s with status %s is %s', (code, status, phase) => expect(failedPhase(code, status)).toBe(phase));
});
