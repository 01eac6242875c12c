// Runs the public tests for HTTP caches, https://cache-tests.fyi, through a reverse proxy made of this client, and through one made of undici's
// interceptor: about a minute. Prints how many of each kind pass, and each test that does not, with its reason. Fails if docs/caching.md does not
// name one of them that is required or optional.
// node bench/cache-tests.mjs
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { refreshLibrary } from './library.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const suite = join(here, 'node_modules/http-cache-tests');
const { default: groups } = await import(join(suite, 'tests/index.mjs'));
const { default: surrogate } = await import(join(suite, 'tests/surrogate-control.mjs'));
const TESTS = [...groups, surrogate].flatMap(({ tests }) => tests).filter((test) => !test.browser_only);
const KINDS = ['required', 'optimal', 'check'];
const kindOf = ({ kind = 'required' }) => kind;

async function freePort() {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** A process that says something on its first line when it can be used. */
async function start(args, env = {}) {
  const child = spawn(process.execPath, args, {
    cwd: suite,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill());
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${args[0]} ended with ${code}`);
  });
  ended.catch(() => {});
  const [line] = await Promise.race([once(lines, 'line'), ended]);
  return { line, stop: () => child.kill() };
}

/** Test → true, or what it failed with: `[kind, message]`. */
async function resultsOf(contender, folder) {
  const port = await freePort();
  const upstream = await start(['server/server.mjs'], {
    npm_config_protocol: 'http',
    npm_config_port: String(port),
    npm_config_pidfile: join(folder, `${contender}.pid`),
  });
  const proxy = await start([join(here, 'helpers/cache-proxy.mjs'), contender, `http://127.0.0.1:${port}`]);
  try {
    const env = { ...process.env, npm_config_base: `http://127.0.0.1:${proxy.line}`, npm_package_config_id: '' };
    delete env.npm_config_id;
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', 'cli.mjs'], {
      cwd: suite,
      env,
      maxBuffer: 64 * 1024 * 1024,
    });
    return JSON.parse(stdout);
  } finally {
    proxy.stop();
    upstream.stop();
  }
}

refreshLibrary();
const folder = mkdtempSync(join(tmpdir(), 'cache-tests-'));
const results = {};
for (const contender of ['nest-outbound', 'undici']) results[contender] = await resultsOf(contender, folder);
rmSync(folder, { recursive: true });

const passed = (result) => result === true;
for (const [contender, own] of Object.entries(results)) {
  const counts = KINDS.map((kind) => {
    const ofKind = TESTS.filter((test) => kindOf(test) === kind);
    return `${kind} ${ofKind.filter(({ id }) => passed(own[id])).length} of ${ofKind.length}`;
  });
  console.log(`${contender}: ${counts.join(', ')}`);
}
const docs = readFileSync(join(here, '../docs/caching.md'), 'utf8');
const failed = TESTS.filter(({ id }) => !passed(results['nest-outbound'][id]));
for (const kind of KINDS) {
  console.log(`\n${kind}, not passed by nest-outbound:`);
  for (const test of failed.filter((one) => kindOf(one) === kind)) {
    const [type, message] = results['nest-outbound'][test.id] ?? ['', 'not run'];
    console.log(`  ${test.id}: ${message}${type === 'Setup' ? ' (before what it tests)' : ''}`);
  }
}
const unnamed = failed.filter((test) => kindOf(test) !== 'check' && !docs.includes(`\`${test.id}\``));
if (unnamed.length > 0) {
  console.error(`\nnot in docs/caching.md: ${unnamed.map(({ id }) => id).join(', ')}`);
  process.exitCode = 1;
}
