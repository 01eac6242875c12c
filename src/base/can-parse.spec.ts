import { expect, it } from 'vitest';
import { canParse } from './can-parse.js';

it.each(['http://a.example/caf\u00e9', 'http://loc\u00adalhost/', 'http://a.example/\u4e2d', 'http://a.example/'])(
  '%j can be parsed, however often it was asked before',
  (address) => {
    const answers = new Set<boolean>();
    for (let n = 0; n < 20_000; n++) answers.add(canParse(n % 2 === 0 ? address : `http://a.example/${n % 5}`));
    expect([...answers]).toEqual([true]);
  },
);

it.each(['', '/path', 'http://', 'http://caf\u00e9 /', 'caf\u00e9'])('%j cannot', (address) => {
  expect(canParse(address)).toBe(false);
});

it('takes a base', () => {
  expect(canParse('/caf\u00e9', 'http://a.example')).toBe(true);
  expect(canParse('/path', 'http://a.example')).toBe(true);
});
