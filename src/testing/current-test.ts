import { relative } from 'node:path';

interface ExpectState {
  readonly currentTestName?: string | undefined;
  readonly testPath?: string | undefined;
}
type Expect = { getState?(): ExpectState };

/** Where vitest keeps its `expect`, also where it is no global. */
const VITEST = Symbol.for('expect-global');
/** Where jest keeps the state of its `expect`: https://github.com/jestjs/jest/blob/main/packages/expect/src/jestMatchersObject.ts */
const JEST = Symbol.for('$$jest-matchers-object');

/**
 * Which test runs, as far as its runner tells: vitest and jest do, of tests that run concurrently the one begun last; `node --test` has a
 * process for each file.
 * @returns as `test "users > finds one"`, `file test/users.test.js`; undefined where it is not known
 */
export function currentTest(): string | undefined {
  const scope = globalThis as unknown as Record<PropertyKey, unknown>;
  const expect = (scope['expect'] ?? scope[VITEST]) as Expect | undefined;
  const state = expect?.getState?.() ?? (scope[JEST] as { readonly state?: ExpectState } | undefined)?.state;
  if (state?.currentTestName) return `test "${state.currentTestName}"`;
  const file = state?.testPath ?? (process.env['NODE_TEST_CONTEXT'] === undefined ? undefined : process.argv[1]);
  return file === undefined ? undefined : `file ${relative(process.cwd(), file)}`;
}
