import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, quantile, ratio, summary } from './statistics.mjs';

void test('the median of an odd number of values is the middle one, of an even number the mean of the two', () => {
  assert.equal(median([10, 9, 100]), 10);
  assert.equal(median([4, 1, 3, 2]), 2.5);
});

void test('a quantile is one of the values', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(quantile(values, 0.5), 50);
  assert.equal(quantile(values, 0.99), 99);
  assert.equal(quantile([7], 0.99), 7);
});

void test('a summary has the median and both ends', () => {
  assert.deepEqual(summary([3, 1, 2]), { median: 2, min: 1, max: 3 });
});

void test('a ratio is taken round by round: a slow round of both does not count', () => {
  assert.equal(ratio([10, 100, 10], [20, 200, 20]).median, 0.5);
});
