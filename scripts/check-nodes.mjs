// Runs the e2e tests on the other Node versions that are supported, or on those given. The npm package `node` carries their binaries.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The slow tests are about limits and numbers of ours, not of Node's: they run on the Node that is there. */
const MAJORS = process.argv.length > 2 ? process.argv.slice(2) : ['22', '24'];
const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const folder = mkdtempSync(join(tmpdir(), 'nest-outbound-nodes-'));

try {
  for (const major of MAJORS) {
    const prefix = join(folder, major);
    mkdirSync(prefix);
    const install = ['install', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', prefix, `node@${major}`];
    execFileSync('npm', install, { cwd: prefix, stdio: 'inherit' });
    const node = join(prefix, 'node_modules/node/bin/node');
    console.log(`e2e tests on Node ${execFileSync(node, ['--version'], { encoding: 'utf8' })}`);
    execFileSync(node, [vitest, 'run', '--project', 'e2e*', '--tags-filter=!slow'], {
      cwd: root,
      stdio: 'inherit',
    });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
