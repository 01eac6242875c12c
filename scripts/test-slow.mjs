// Runs the tests that `npm test` leaves out, of the files that have any: to load all the others would take longer than the tests do.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const HAS_SLOW = /tags: 'slow'|itAtScale\(/;
/** Several processes of theirs keep to a limit in each second: they have the machine to themselves, after the others. */
const ALONE = new Set(
  ['test/redis/replicas.e2e-spec.ts', 'examples/travel-desk/test/scale.e2e-spec.ts'].map((path) => join(root, path)),
);

const specs = ['src', 'test', 'examples/travel-desk/test'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith('spec.ts'))
    .map((name) => join(root, folder, name)),
);
const slow = specs.filter((path) => HAS_SLOW.test(readFileSync(path, 'utf8')));
if (slow.length === 0) throw new Error('no spec has a slow test');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const runs = [slow.filter((path) => !ALONE.has(path)), ...slow.filter((path) => ALONE.has(path)).map((path) => [path])];

function run(args, env = {}) {
  const all = { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } };
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...args], all);
  if (status !== 0) process.exitCode = status ?? 1;
}

for (const paths of runs) run(['--tags-filter=slow', ...paths]);

// Once more, with the other engine: what makes sockets and bodies, and some of the example.
run(['--tags-filter=!slow', '--project=undici', '--project=travel-desk-undici'], { ON_UNDICI: 'slow' });
