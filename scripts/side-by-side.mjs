// Runs npm scripts beside each other: `node scripts/side-by-side.mjs check:static check:package`. What each prints is shown whole when it
// ends. When one fails, the others are ended, and its exit code is that of all. A `pre…` script does not run: what all need is there before.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const names = process.argv.slice(2);
if (names.length === 0) throw new Error('name the npm scripts to run');
const running = new Map();

for (const name of names) {
  const startedAt = performance.now();
  // Each leads a process group, so that all that it has started can be ended with it.
  const child = spawn('npm', ['run', '--ignore-scripts', name], { cwd: root, detached: true });
  running.set(name, child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  child.once('error', (error) => (output += `${error.message}\n`));
  child.once('close', (code, signal) => {
    running.delete(name);
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    const outcome = code === 0 ? 'passed' : process.exitCode ? 'was ended' : 'FAILED';
    process.stdout.write(`\n=== npm run ${name}: ${outcome} after ${seconds} s\n${output.trim()}\n`);
    if (code !== 0) fail(code ?? 128 + (constants.signals[signal] ?? 1));
  });
}

/** The first failure is the one that counts: the others end because of it. */
function fail(code) {
  process.exitCode ||= code;
  for (const child of running.values()) end(child);
}

function end({ pid }) {
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // it has just ended by itself
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => fail(128 + constants.signals[signal]));
