/** Thrown where a fixture is missing, or cannot be used as it is. */
export class FixtureError extends Error {
  override readonly name = 'FixtureError';
  readonly code = 'ERR_FIXTURE';

  constructor(
    /** Its path. */
    readonly fixture: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${fixture}: ${problem}`, options);
  }
}
