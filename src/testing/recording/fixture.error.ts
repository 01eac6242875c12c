/** Thrown where a fixture is missing, or cannot be used as it is. */
export class FixtureError extends Error {
  /** The name of the class. */
  override readonly name = 'FixtureError';
  /** Tells it from other errors where there are no classes. */
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
