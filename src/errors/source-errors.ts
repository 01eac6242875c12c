const ofSources = new WeakSet<Error>();

/** Notes that an error is that of the stream which a call was given to send: the upstream has no part in it. */
export function rememberSourceError<Failure extends Error>(error: Failure): Failure {
  ofSources.add(error);
  return error;
}

/** Whether it was noted, whatever its code says. */
export function isSourceError(error: unknown): boolean {
  return error instanceof Error && ofSources.has(error);
}
