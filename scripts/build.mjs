// Builds dist, or with `--apps` the apps that the tests run: those of test/apps, and the example (whose own `npm run build` is `nest build`).
import { cpSync, readFileSync, rmSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from './compile.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

if (process.argv.includes('--apps')) {
  compile('test/apps', ['--noCheck']); // `npm run typecheck` has checked them
  const example = join(root, 'examples/travel-desk');
  rmSync(join(example, 'dist'), { recursive: true, force: true });
  copyAssets(example);
  compile('examples/travel-desk/tsconfig.build.json', ['--noCheck']);
} else {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  compile('tsconfig.build.json');
  await import('./build-entries.mjs');
}

/** As `nest build` does, before it compiles: its patterns name a folder and extensions. */
function copyAssets(folder) {
  const { sourceRoot, compilerOptions } = JSON.parse(readFileSync(join(folder, 'nest-cli.json'), 'utf8'));
  for (const pattern of compilerOptions.assets) {
    const [, path, extensions] = /^(.*)\/\*\*\/\*\.\{(.*)\}$/.exec(pattern);
    const wanted = new Set(extensions.split(',').map((extension) => `.${extension}`));
    const filter = (source) => statSync(source).isDirectory() || wanted.has(extname(source));
    cpSync(join(folder, sourceRoot, path), join(folder, 'dist', path), { recursive: true, filter });
  }
}
