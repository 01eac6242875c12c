import type { BucketLimits } from '../layers/rate-limit/limiter.js';

/** What `quota-scripts.ts` keeps, as a process has seen it last. Milliseconds. */
export interface SeenState {
  readonly epoch: number;
  readonly version: number;
  readonly tat: number;
  readonly shift: number;
  readonly paused: number;
  /** When it was so, by Redis's clock. */
  readonly at: number;
}

/** The answer of a script: the state, and what else it says. */
export interface QuotaAnswer {
  readonly state: SeenState;
  readonly rest: readonly number[];
}

/** @throws Error for what no script of ours says */
export function quotaAnswer(answer: unknown): QuotaAnswer {
  const numbers = String(answer).split(' ').map(Number);
  const [epoch, version, tat, shift, paused, at, ...rest] = numbers as [number, number, number, number, number, number];
  if (!numbers.every(Number.isFinite) || at === undefined) throw new Error('an answer that is none of a rate limit');
  return { state: { epoch, version, tat, shift, paused, at }, rest };
}

/** How long Redis remembers a limit that is not used: longer than a process remembers what it has seen is of no use. */
const KEEP_MS = 60_000;

/**
 * The first arguments of each script.
 * @param seenMs how long ago the state was seen
 */
export function quotaArguments(
  { max, intervalMs }: BucketLimits,
  seen: SeenState | undefined,
  seenMs: number,
): string[] {
  const perTokenMs = intervalMs / max;
  const known = seen ? [seen.epoch, seen.version, seen.tat, seen.shift, seen.paused, seen.at + seenMs] : NOTHING_SEEN;
  return [perTokenMs, Math.max(0, intervalMs - perTokenMs), intervalMs + KEEP_MS, ...known].map(String);
}

const NOTHING_SEEN = [0, -1, 0, 0, 0, 0];

/** How much later turns fall due than they did: by pauses that began or ended meanwhile. */
export function shiftBetween(before: SeenState | undefined, after: SeenState): number {
  return before?.epoch === after.epoch ? after.shift - before.shift : 0;
}

/** A place by the bucket's time, in the terms of another state. */
export function placeIn(after: SeenState, before: SeenState, place: number): number {
  if (after.epoch === before.epoch) return place;
  return place + before.shift + before.epoch - after.epoch - after.shift;
}
