import { describe, expect, it } from 'vitest';
import { type Build, oneBuild } from './copies.js';

const ONE = 'file:///app/node_modules/nest-outbound/dist/entry/index.js';
const OTHER = 'file:///app/packages/a%20b/node_modules/nest-outbound/dist/entry/index.js';

function load(...entries: readonly (readonly [Build, string | undefined, other?: () => string])[]) {
  const warnings: string[] = [];
  const owner = {};
  const loaded = entries.map(([build, url, other]) =>
    oneBuild(
      { build, url, own: () => build, other: other ?? (() => (build === 'import' ? 'require' : 'import')) },
      owner,
      (text) => warnings.push(text),
    ),
  );
  return { loaded, warnings };
}

function missing(): never {
  throw new Error('Cannot find module');
}

describe('the two builds of one installed package', () => {
  it('are never both in use: the first one loaded stands in for the other', () => {
    const testing = ONE.replace('index.js', 'testing.cjs');
    expect(load(['import', ONE], ['require', testing], ['import', testing])).toEqual({
      loaded: ['import', 'import', 'import'],
      warnings: [],
    });
    expect(load(['require', testing], ['import', ONE])).toEqual({ loaded: ['require', 'require'], warnings: [] });
  });

  it('are both in use in a bundle that has both, and a warning says so', () => {
    const { loaded, warnings } = load(['import', undefined], ['require', undefined, missing]);
    expect(loaded).toEqual(['import', 'require']);
    expect(warnings).toEqual([expect.stringContaining('from a bundle by import and from a bundle by require.')]);
  });
});

describe('two installed copies', () => {
  it('are named in one warning, with both paths', () => {
    const { loaded, warnings } = load(['import', ONE], ['require', OTHER], ['import', ONE], ['import', `${OTHER}/x/`]);
    expect(loaded).toEqual(['import', 'require', 'import', 'import']);
    expect(warnings).toEqual([
      expect.stringContaining(
        'from /app/node_modules/nest-outbound/dist/entry/ and from /app/packages/a b/node_modules/nest-outbound/dist/entry/.',
      ),
    ]);
  });

  it('are not one that is loaded again', () => {
    expect(load(['import', ONE], ['import', ONE]).warnings).toEqual([]);
  });
});
