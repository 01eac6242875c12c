// The setup of the project `undici` in vitest.config.ts: its specs run as they are, with engine: 'undici' for the default.
import { beforeEach, vi } from 'vitest';
import { loadUndici } from '../../src/transport/undici/load.js';

vi.mock('../../src/options/defaults.js', async (original) => {
  const { DEFAULTS, ...others } = await original<typeof import('../../src/options/defaults.js')>();
  return { ...others, DEFAULTS: Object.freeze({ ...DEFAULTS, engine: 'undici' }) };
});

/** Tests whose engine matters → why undici does something else. docs/engines.md has the list for users. */
const DIFFERENT: readonly (readonly [test: RegExp, why: string])[] = [
  [
    / with success gets the rest of it, and the socket is used again/,
    'undici closes the socket where the answer is first',
  ],
  [/ a chunk extension of 20 KB$/, 'undici reads over chunk extensions of any length'],
  [/ a body where there can be none$/, 'undici has another error for it, or closes the socket'],
  [/ read or not > 304$/, 'undici 7 waits for the body that a 304 only tells the length of, and closes the socket'],
  [/ a 100 for ever$/, 'undici takes a 100 Continue that nobody has asked for as an error'],
  [/ no length, without a body is sent$/, 'undici leaves out a Content-Length of 0 where the method expects no body'],
  [/ but for the client's own proxy, which the operator chose$/, 'what axios carries itself has other sockets'],
];

await loadUndici(); // else the first call would wait for it

beforeEach(({ task, skip }) => {
  const different = DIFFERENT.find(([name]) => name.test(task.fullTestName ?? task.name));
  if (different) skip(different[1]);
});
