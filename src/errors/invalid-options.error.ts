import { redactText } from '../redaction/redact-text.js';

/** Thrown at bootstrap when options are wrong. `problems` has them all, each as `path: expected …, got …`. */
export class InvalidOptionsError extends Error {
  override readonly name = 'InvalidOptionsError';
  readonly code = 'ERR_INVALID_OPTIONS';
  readonly problems: readonly string[];

  constructor(
    /** What was called with the options, as `HttpClientModule.forRoot`. */
    readonly source: string,
    problems: readonly string[],
  ) {
    const shown = problems.map((problem) => redactText(problem)); // keys of options may be URLs, too
    const count = `${shown.length} invalid option${shown.length === 1 ? '' : 's'}`;
    super(`${source}: ${count}\n${shown.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = shown;
  }
}
