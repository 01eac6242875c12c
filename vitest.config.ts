import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** These change what is the process's own (Node, its globals, OpenTelemetry), or watch it: memory, warnings, promises. Each has its own process. */
const OF_THEIR_OWN = [
  'test/mocks/**',
  'test/bounded-maps.e2e-spec.ts',
  'test/grafana.e2e-spec.ts',
  'test/hostile-bodies.e2e-spec.ts',
  'test/hostile-callers.e2e-spec.ts',
  'test/hot-path.e2e-spec.ts',
  'test/listeners.e2e-spec.ts',
  'test/patched-node.e2e-spec.ts',
  'test/prototype-pollution.e2e-spec.ts',
  'test/sentry.e2e-spec.ts',
  'test/telemetry.e2e-spec.ts',
  'test/testing/expectations.e2e-spec.ts', // prints promises, which have symbols once there are async hooks
];

/**
 * Run once more with `engine: 'undici'`: what makes sockets, requests and bodies. ON_UNDICI says which: none, those of `npm test`; `slow`, those of
 * `npm run test:slow`; `all`, these and the others, as `npm run test:undici` has it.
 */
const ON_UNDICI = {
  test: ['sockets', 'timings', 'transport', 'unread-bodies'],
  slow: ['closing-sockets', 'guard', 'native-transport', 'proxies', 'upload-bodies'],
  others: [
    'binary-bodies',
    'call-timeouts',
    'events',
    'hostile-*',
    'health',
    'hedge',
    'http-service',
    'module',
    'recording',
    'redirect-secrets',
    'resilience',
    'retry',
    'runtime-clients',
    'shutdown',
    'telemetry',
    'tls-files',
    'total-sockets',
    'vanished-peers',
  ],
};

/**
 * More than there are cores: a worker waits for about half of its time, for timers, other processes, a browser.
 * (Measured on 2 cores with 2 workers: 490 s of CPU time in 407 s.)
 */
const WORKERS = Math.ceil(availableParallelism() * 1.5);

/** Those that take longest begin first, so that no worker is left alone with one at the end. */
const LONGEST = ['rolling-restarts', 'page.e2e', 'process.e2e', 'fares.e2e', 'prototype-pollution'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const longest = LONGEST.flatMap((name) => files.filter(({ moduleId }) => moduleId.includes(name)));
    const others = files.filter((file) => !longest.includes(file));
    return [...longest, ...(await super.sort(others))]; // oxlint-disable-line unicorn/no-array-sort -- it is not an array's
  }
}

/** Of the example, with `slow`: the whole of it takes minutes. */
const EXAMPLE_ON_UNDICI = {
  slow: ['desk', 'external-call', 'fares', 'many-calls', 'monitor', 'pool', 'process', 'shared-monitor', 'shutdown'],
  all: ['**/*'],
};

function onUndici(which = process.env['ON_UNDICI']): string[] {
  if (which === 'all') return Object.values(ON_UNDICI).flat();
  return which === 'slow' ? ON_UNDICI.slow : ON_UNDICI.test;
}

function exampleOnUndici(which = process.env['ON_UNDICI']): string[] {
  return which === 'slow' || which === 'all' ? EXAMPLE_ON_UNDICI[which] : [];
}

export default defineConfig({
  test: {
    maxWorkers: WORKERS,
    sequence: { sequencer: LongestFirst },
    // On a machine that has much else to do.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 15_000 } },
    tags: [
      {
        name: 'slow',
        description: 'needs its time: `npm run test:slow` has it, `npm test` does not',
        timeout: 300_000,
      },
    ],
    projects: [
      // Not isolated: a process keeps for the next file what it has loaded, the sources as well. A module's state is that of all files before.
      { extends: true, test: { name: 'unit', include: ['src/**/*.spec.ts'], isolate: false } },
      {
        extends: true,
        test: { name: 'e2e', include: ['test/**/*.e2e-spec.ts'], exclude: OF_THEIR_OWN, isolate: false },
      },
      { extends: true, test: { name: 'e2e-alone', include: OF_THEIR_OWN } },
      {
        extends: true,
        test: {
          name: 'undici',
          include: onUndici().map((name) => `test/${name}.e2e-spec.ts`),
          setupFiles: 'test/support/undici-engine.ts',
          alias: process.env['UNDICI'] ? { undici: process.env['UNDICI'] } : {}, // another major: undici-8, from Node 22.19 on
        },
      },
      {
        extends: true,
        test: {
          name: 'travel-desk',
          root: 'examples/travel-desk',
          include: ['test/**/*.e2e-spec.ts'],
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'travel-desk-undici',
          root: 'examples/travel-desk',
          include: exampleOnUndici().map((name) => `test/${name}.e2e-spec.ts`),
          env: { ENGINE: 'undici' },
          isolate: false,
        },
      },
    ],
  },
});
