import { createRequire } from 'node:module';
import { join } from 'node:path';
import type ts from 'typescript';

/** TypeScript's own API: the app's, for this package has none. */
export type TypeScript = typeof ts;

/**
 * Loads the TypeScript of an app, or else one that lies beside this package.
 * @param folder of the app
 * @param own this file's URL or path
 * @throws Error where there is none with an API for syntax trees, as TypeScript 5 and 6 have
 */
export function loadTypeScript(folder: string, own: string): TypeScript {
  const found: string[] = [];
  for (const from of [join(folder, 'package.json'), own]) {
    try {
      const loaded = createRequire(from)('typescript') as Partial<TypeScript>;
      if (typeof loaded.createSourceFile === 'function') return loaded as TypeScript;
      found.push(loaded.version ?? 'another');
    } catch {
      // not there
    }
  }
  const what = found.length > 0 ? `TypeScript ${found[0]}, which cannot read files for others` : 'no TypeScript';
  throw new Error(
    `nest-outbound needs TypeScript 5 or 6 to read the app and found ${what}: npm install --save-dev typescript@6`,
  );
}
