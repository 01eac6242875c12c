import { inspect } from 'node:util';
import { expect } from 'vitest';

/** What a promise is rejected with; a test whose promise is not rejected fails. */
export function failureOf(promise: Promise<unknown>): Promise<any> {
  return promise.then(
    (value) => expect.unreachable(`expected a failure, got ${inspect(value, { depth: 1 })}`),
    (error: unknown) => error,
  );
}

/** What a promise is rejected with; undefined where it is not. */
export function errorOf(promise: Promise<unknown>): Promise<any> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
