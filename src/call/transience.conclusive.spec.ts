import { expect, it } from 'vitest';
import { isConclusive } from './transience.js';

it.each([200, 204, 304, 400, 401, 404, 409, 499, 501])('%i is conclusive', (status) => {
  expect(isConclusive(status)).toBe(true);
});

it.each([408, 429, 500, 502, 503, 504, 599])('%i is not: another request may fare better', (status) => {
  expect(isConclusive(status)).toBe(false);
});
