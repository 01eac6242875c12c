/** Thrown at bootstrap when options are wrong. `problems` has them all, each as `path: expected …, got …`. */
export class InvalidOptionsError extends Error {
  override readonly name = 'InvalidOptionsError';
  readonly code = 'ERR_INVALID_OPTIONS';

  constructor(
    /** What was called with the options, as `HttpClientModule.forRoot`. */
    readonly source: string,
    readonly problems: readonly string[],
  ) {
    super(
      `${source}: ${problems.length} invalid option${problems.length === 1 ? '' : 's'}\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
  }
}
