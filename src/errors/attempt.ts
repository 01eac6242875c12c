declare module 'axios' {
  interface AxiosResponse {
    /** For clients of nest-outbound: what each attempt of the call saw, this response the last of them. */
    attempts?: readonly Attempt[];
  }
  interface AxiosError {
    /** For clients of nest-outbound: what each attempt of the call saw; empty where it failed before the first. */
    attempts?: readonly Attempt[];
  }
}

/** What one attempt of a call saw. */
export interface Attempt {
  /** 1 for the first. */
  readonly number: number;
  /** The status of the response, or the code of the error. */
  readonly outcome: number | string;
  /** How long it took, in milliseconds; known where the client retries. */
  readonly durationMs?: number;
  /** How long the client waited after it, in milliseconds; absent for the last one. */
  readonly delayMs?: number;
  /** Why no other followed, for the last one where it failed; known where the client retries. */
  readonly notRetried?: string;
}
