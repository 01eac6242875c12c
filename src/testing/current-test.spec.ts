import { afterEach, expect, it, vi } from 'vitest';
import { currentTest } from './current-test.js';

const JEST = Symbol.for('$$jest-matchers-object');
const VITEST = Symbol.for('expect-global');

afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

function stubRunner(state: object | undefined): void {
  vi.stubGlobal(VITEST, undefined);
  vi.stubGlobal(JEST, undefined);
  vi.stubGlobal('expect', state && { getState: () => state });
}

it('is told by vitest', () => {
  expect(currentTest()).toBe('test "is told by vitest"');
});

it('is told by a global expect, as of jest', () => {
  stubRunner({ currentTestName: 'users finds one' });
  const told = currentTest();
  vi.unstubAllGlobals();
  expect(told).toBe('test "users finds one"');
});

it('is told by jest where its expect is no global', () => {
  stubRunner(undefined);
  vi.stubGlobal(JEST, { state: { currentTestName: 'users finds one' } });
  const told = currentTest();
  vi.unstubAllGlobals();
  expect(told).toBe('test "users finds one"');
});

it('is the file where no test runs, or node:test runs it', () => {
  stubRunner({ testPath: `${process.cwd()}/test/users.test.js` });
  const betweenTests = currentTest();
  stubRunner(undefined);
  vi.stubEnv('NODE_TEST_CONTEXT', 'child-v8');
  const inNode = currentTest();
  vi.stubEnv('NODE_TEST_CONTEXT', undefined);
  const unknown = currentTest();
  vi.unstubAllGlobals();
  expect(betweenTests).toBe('file test/users.test.js');
  expect(inNode).toMatch(/^file /);
  expect(unknown).toBeUndefined();
});
