// Runs the tests that `npm test` leaves out, of the files that have any: to load all the others would take longer than the tests do.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const HAS_SLOW = /tags: 'slow'|itAtScale\(/;

const specs = ['src', 'test', 'examples/travel-desk/test'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith('spec.ts'))
    .map((name) => join(root, folder, name)),
);
const slow = specs.filter((path) => HAS_SLOW.test(readFileSync(path, 'utf8')));
if (slow.length === 0) throw new Error('no spec has a slow test');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', '--tags-filter=slow', ...slow], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
