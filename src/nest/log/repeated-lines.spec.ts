import { describe, expect, it } from 'vitest';
import { RepeatedLines } from './repeated-lines.js';

describe('RepeatedLines', () => {
  it('writes a line at once, and holds back what is like it for a while', () => {
    const lines = new RepeatedLines(1_000);
    expect(lines.seen('a', 'warn', 0)).toBe(0);
    expect(lines.seen('a', 'warn', 1)).toBeUndefined();
    expect(lines.seen('a', 'warn', 999)).toBeUndefined();
    expect(lines.seen('b', 'warn', 999)).toBe(0);
    expect(lines.seen('a', 'warn', 1_000)).toBe(2);
    expect(lines.seen('a', 'warn', 1_500)).toBeUndefined();
    expect(lines.seen('a', 'warn', 2_000)).toBe(1);
  });

  it('holds nothing back where it is not to', () => {
    const lines = new RepeatedLines(0);
    expect([lines.seen('a', 'warn', 0), lines.seen('a', 'warn', 0)]).toEqual([0, 0]);
  });

  it('tells what is left over, once', () => {
    const lines = new RepeatedLines(1_000);
    for (const line of ['a', 'a', 'a', 'b']) lines.seen(line, 'warn', 0);
    expect([...lines.leftOver()]).toEqual([['warn', 'a', 2]]);
    expect([...lines.leftOver()]).toEqual([]);
  });
});
