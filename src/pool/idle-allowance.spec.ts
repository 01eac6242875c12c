import { describe, expect, it } from 'vitest';
import { idleAllowance } from './agents.js';

describe('idleAllowance', () => {
  it.each([
    ['keeps the own limit where the server announces none', undefined, 4_000],
    ['keeps the own limit where the server allows more', 'timeout=60', 4_000],
    ['takes one second off what a stricter server announces', 'timeout=3', 2_000],
    ['reads the hint among other parameters', 'max=100, Timeout=2', 1_000],
    ['does not keep a socket that the server may close within a second', 'timeout=1', 0],
    ['does not keep a socket that the server closes at once', 'timeout=0', 0],
    ['ignores a hint that is no number', 'timeout=soon', 4_000],
    ['ignores a parameter that only ends in timeout', 'xtimeout=1', 4_000],
  ])('%s', (_, header, expected) => {
    expect(idleAllowance(header, 4_000)).toBe(expected);
  });
});
