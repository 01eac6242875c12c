/** An airline's answer is not in the shape that its API has. */
export class InvalidAnswerError extends Error {
  readonly code = 'ERR_INVALID_ANSWER';

  constructor(cause: unknown) {
    super('the answer is not in the shape that this API has', { cause });
    this.name = 'InvalidAnswerError';
  }
}
