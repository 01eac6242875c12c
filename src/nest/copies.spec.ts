import { describe, expect, it } from 'vitest';
import { noteCopy } from './copies.js';

function notedCopies(...urls: string[]): string[] {
  const warnings: string[] = [];
  const owner = {};
  for (const url of urls) noteCopy(url, owner, (text) => warnings.push(text));
  return warnings;
}

const ONE = 'file:///app/node_modules/nest-outbound/dist/copies.js';
const OTHER = 'file:///app/packages/a%20b/node_modules/nest-outbound/dist/copies.js';

describe('two copies of the package in one process', () => {
  it('are told of once, with both paths', () => {
    const warnings = notedCopies(ONE, OTHER, ONE, `${ONE}?third`);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(
      'from /app/node_modules/nest-outbound/dist/copies.js and from /app/packages/a b/node_modules/',
    );
  });

  it('are two also where they differ in a query', () => {
    expect(notedCopies(ONE, `${ONE}?v=2`)).toEqual([expect.stringContaining('copies.js?v=2')]);
  });

  it('are not one that is loaded again', () => {
    expect(notedCopies(ONE, ONE)).toEqual([]);
  });
});
