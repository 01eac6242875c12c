import { it } from 'vitest';

/** A test that is run with a little and, where the slow tests are, with a lot. `$n` in its name is how much. */
export function itAtScale(name: string, little: number, lot: number, test: (n: number) => Promise<void>): void {
  it(name.replace('$n', String(little)), () => test(little), 120_000);
  it(name.replace('$n', String(lot)), { tags: 'slow' }, () => test(lot));
}
