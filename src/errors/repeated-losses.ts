const repeated = new WeakSet<Error>();

/** Notes that an error tells once more of a peer that is gone, which another request on a pooled socket has told of already. */
export function rememberRepeatedLoss(error: unknown): void {
  if (error instanceof Error) repeated.add(error);
}

/** Whether it was noted. */
export function isRepeatedLoss(error: unknown): boolean {
  return error instanceof Error && repeated.has(error);
}
