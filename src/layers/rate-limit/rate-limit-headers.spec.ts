import { describe, expect, it } from 'vitest';
import { requestedPauseMs } from './headers.js';

const NOW = Date.UTC(2026, 0, 1, 12);

describe('requestedPauseMs', () => {
  it.each([
    ['Retry-After in seconds with a status 429', 429, { 'retry-after': '30' }, 30_000],
    ['Retry-After in seconds with a status 503', 503, { 'retry-after': '1' }, 1_000],
    ['Retry-After as a date', 429, { 'retry-after': 'Thu, 01 Jan 2026 12:01:00 GMT' }, 60_000],
    ['Retry-After in the past', 429, { 'retry-after': 'Thu, 01 Jan 2026 11:01:00 GMT' }, 0],
    ['Retry-After with a redirect or a success', 301, { 'retry-after': '30' }, 0],
    ['Retry-After that is neither', 429, { 'retry-after': 'soon' }, 0],
    ['a Retry-After before the rest', 429, { 'retry-after': '5', ratelimit: '"a";r=0;t=30' }, 5_000],
    ['the rest where Retry-After is neither', 429, { 'retry-after': 'soon', ratelimit: '"a";r=0;t=30' }, 30_000],
    ['none with a status 429 alone', 429, {}, 0],
    ['RateLimit with nothing left, with any status', 200, { ratelimit: '"default";r=0;t=30' }, 30_000],
    ['RateLimit with something left', 200, { ratelimit: '"default";r=1;t=30' }, 0],
    ['RateLimit without a time', 200, { ratelimit: '"default";r=0' }, 0],
    ['RateLimit written loosely', 200, { ratelimit: ' default ; R=0 ; t= 30 ;pk=:c2Vy:' }, 30_000],
    [
      'the longest of the quotas that are used up',
      200,
      { ratelimit: '"m";r=0;t=30, "d";r=0;t=90, "s";r=0;t=1, "y";r=1;t=900' },
      90_000,
    ],
    ['no more than a name says', 200, { ratelimit: String.raw`"a;r=0;t=99, \";r=0;t=98";r=5;t=1` }, 0],
    ['RateLimit as express-rate-limit has it', 200, { ratelimit: 'limit=100, remaining=0, reset=30' }, 30_000],
    ['RateLimit as that has it, something left', 200, { ratelimit: 'limit=100, remaining=7, reset=30' }, 0],
    ['the separate headers', 200, { 'ratelimit-remaining': '0', 'ratelimit-reset': '30' }, 30_000],
    ['the separate headers, something left', 200, { 'ratelimit-remaining': '1', 'ratelimit-reset': '30' }, 0],
    ['a reset alone', 200, { 'ratelimit-reset': '30' }, 0],
    ['a reset at a Unix time', 200, { 'ratelimit-remaining': '0', 'ratelimit-reset': `${NOW / 1_000 + 20}` }, 20_000],
    ['a reset at a Unix time in the past', 200, { 'ratelimit-remaining': '0', 'ratelimit-reset': '1000000000' }, 0],
    ['no number', 200, { 'ratelimit-remaining': '0', 'ratelimit-reset': '-5' }, 0],
    ['no text', 429, { 'retry-after': ['30'] }, 0],
    ['a fraction of a second, rounded up', 429, { 'retry-after': '0.0001' }, 1],
    ['a fraction in a RateLimit field', 200, { ratelimit: '"a";r=0;t=1.5' }, 1_500],
    ['a fraction in RateLimit-Reset', 200, { 'ratelimit-remaining': '0', 'ratelimit-reset': '.25' }, 250],
  ])('reads %s', (_, status, headers, expected) => {
    expect(requestedPauseMs(status, headers, NOW)).toBe(expected);
  });

  it('takes no time for what is written to take long', () => {
    const before = process.cpuUsage(); // not the clock, which goes on while others have the processor
    const escaped = `"${'\\"'.repeat(8_000)}`;
    for (const ratelimit of ['"'.repeat(16_000), ';r='.repeat(5_000), ' '.repeat(16_000), ...Array(30).fill(escaped)]) {
      requestedPauseMs(429, { ratelimit, 'retry-after': ratelimit, 'ratelimit-remaining': ratelimit }, NOW);
    }
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(500);
  });
});
