// Runs the e2e tests on the other Node versions that are supported, or on those given. The npm package `node` carries their binaries.
// `--brief` leaves out those in which Node has no part of its own.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const given = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const MAJORS = given.length > 0 ? given : ['22', '24'];
/** About decisions, texts and state of this package, which are the same on every Node. Sockets, TLS, streams and the shutdown are elsewhere. */
const OURS =
  /^(?:auth|bounded-maps|call-values|contracts|docs|events|exception-filter|guard-bypasses|http-service|prepared-axios|recording|redaction|request-scope|resilience|retry)\.e2e-spec|^(?:ecosystem|testing)\//;
const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const specs = readdirSync(join(root, 'test'), { recursive: true })
  .filter((path) => path.endsWith('.e2e-spec.ts') && !(process.argv.includes('--brief') && OURS.test(path)))
  .map((path) => join(root, 'test', path));
const folder = mkdtempSync(join(tmpdir(), 'nest-outbound-nodes-'));

try {
  for (const major of MAJORS) {
    const prefix = join(folder, major);
    mkdirSync(prefix);
    const install = ['install', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', prefix, `node@${major}`];
    execFileSync('npm', install, { cwd: prefix, stdio: 'inherit' });
    const node = join(prefix, 'node_modules/node/bin/node');
    // The slow tests are about limits and numbers of ours, not of Node's: they run on the Node that is there.
    console.log(`e2e tests on Node ${execFileSync(node, ['--version'], { encoding: 'utf8' })}`);
    execFileSync(node, [vitest, 'run', '--project', 'e2e*', '--tags-filter=!slow', ...specs], {
      cwd: root,
      stdio: 'inherit',
    });
    // The tests on undici, with the major that Node 20 has not.
    execFileSync(node, [vitest, 'run', '--project', 'undici', '--tags-filter=!slow'], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, UNDICI: 'undici-8' },
    });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
