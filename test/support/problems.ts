import { InvalidOptionsError } from '../../src/index.js';

/** Every problem that options are refused with; none where they are not. */
export function problemsOf(resolve: () => unknown): readonly string[] {
  try {
    resolve();
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error.problems;
    throw error;
  }
  return [];
}
