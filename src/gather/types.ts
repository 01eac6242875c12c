import type { Clock } from '../base/clock.js';

/** Options for one call: pass them on as its axios config, or spread them into one. */
export interface GatherCallOptions {
  /** Aborts when the call is no longer needed. Each call has its own. */
  readonly signal: AbortSignal;
}

export type GatherCall = (options: GatherCallOptions) => unknown;

/** Calls by name, or in order. */
export type GatherCalls = readonly GatherCall[] | Readonly<Record<string, GatherCall>>;

export interface GatherFulfilled<Value> {
  readonly status: 'fulfilled';
  readonly value: Value;
  /** From the start of the call, in milliseconds. */
  readonly durationMs: number;
}

/**
 * - `failed`: it rejected or threw, with `error`.
 * - `deadline`: it was under way when the deadline passed.
 * - `not-needed`: it was under way when as many as were wanted had come.
 * - `not-started`: it waited for its turn (see `concurrency`) when either happened.
 */
export type GatherMissedReason = 'failed' | 'deadline' | 'not-needed' | 'not-started';

export interface GatherMissed {
  readonly status: 'missed';
  readonly reason: GatherMissedReason;
  /** What it failed with. */
  readonly error?: unknown;
  /** From the start of the call, in milliseconds; 0 where it was not started. */
  readonly durationMs: number;
}

/** The outcome of one call. */
export type GatherEntry<Value> = GatherFulfilled<Value> | GatherMissed;

export interface GatherCounts {
  readonly total: number;
  readonly fulfilled: number;
  readonly missed: number;
  /** Neither, yet: 0 in a result. */
  readonly pending: number;
}

type ValueOf<Call> = Call extends (...args: never[]) => infer Result ? Awaited<Result> : never;

export type GatherValues<Calls extends GatherCalls> = Calls extends readonly GatherCall[]
  ? ValueOf<Calls[number]>[]
  : { -readonly [Key in keyof Calls]?: ValueOf<Calls[Key]> };

/** What `gather` resolves with. */
export interface GatherResult<Calls extends GatherCalls> {
  /** One entry for each call, under its name or at its place. */
  readonly results: { readonly [Key in keyof Calls]: GatherEntry<ValueOf<Calls[Key]>> };
  /** Of those that were fulfilled: under their names, or in the order of the calls. */
  readonly values: GatherValues<Calls>;
  /** Whether as many were fulfilled as `settle` wants. */
  readonly complete: boolean;
  /** How many calls there were, and how they ended. */
  readonly counts: GatherCounts;
}

type ProgressOf<Key, Call> = {
  /** Its name or its place. */
  readonly key: Key;
  readonly result: GatherEntry<ValueOf<Call>>;
  readonly counts: GatherCounts;
};

/** A call has been fulfilled or has failed. */
export type GatherProgress<Calls extends GatherCalls> = Calls extends readonly GatherCall[]
  ? ProgressOf<number, Calls[number]>
  : { [Key in keyof Calls]: ProgressOf<Key, Calls[Key]> }[keyof Calls];

export interface GatherBaseOptions<Calls extends GatherCalls> {
  /**
   * For all calls together, in milliseconds from the call of `gather`.
   * @default no deadline
   */
  readonly deadlineMs?: number;
  /**
   * Calls that run at once; the others wait, in order.
   * @default all of them
   */
  readonly concurrency?: number;
  /** The caller's: when it aborts, so do the calls, and `gather` rejects with its reason. */
  readonly signal?: AbortSignal;
  /** Called for each call that is fulfilled or fails. Errors that it throws or rejects with are ignored. */
  readonly onProgress?: (event: GatherProgress<Calls>) => void;
  /** @default the system's */
  readonly clock?: Clock;
}

/**
 * What to wait for:
 * - `all`: every call.
 * - `first`: one fulfilled call.
 * - `quorum`: `quorum` fulfilled calls. If too many fail for that, `gather` still waits for the rest.
 */
export type GatherSettle =
  | {
      /** @default 'all' */
      readonly settle?: 'all' | 'first';
      readonly quorum?: undefined;
    }
  | {
      readonly settle: 'quorum';
      /** From 1 to the number of calls. */
      readonly quorum: number;
    };

/** Options of `gather`: deadline, concurrency, and what to wait for. */
export type GatherOptions<Calls extends GatherCalls = GatherCalls> = GatherBaseOptions<Calls> & GatherSettle;
