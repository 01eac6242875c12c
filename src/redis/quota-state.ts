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
  /** From 0, below 1. */
  readonly apart: number;
}

/** The answer of a script: the state, and what else it says. */
export interface QuotaAnswer {
  readonly state: SeenState;
  readonly rest: readonly number[];
}

/** @throws Error for what no script of ours says */
export function quotaAnswer(answer: unknown): QuotaAnswer {
  const numbers = String(answer).split(' ').map(Number);
  const [epoch, version, tat, shift, paused, at, apart, ...rest] = numbers as Seven;
  if (!numbers.every(Number.isFinite) || apart === undefined) throw new Error('an answer that is none of a rate limit');
  return { state: { epoch, version, tat, shift, paused, at, apart }, rest };
}

type Seven = [number, number, number, number, number, number, number];

/** How long Redis remembers a limit that is not used: longer than a process remembers what it has seen is of no use. */
const KEEP_MS = 60_000;

/**
 * The first arguments of each script.
 * @param seenMs how long ago the state was seen
 * @param apartShare how much of the limit replicas use that Redis is too slow for, from 0, below 1
 */
export function quotaArguments(
  { max, intervalMs }: BucketLimits,
  seen: SeenState | undefined,
  seenMs: number,
  apartShare = 0,
): string[] {
  const perTokenMs = intervalMs / max;
  const known = seen ? [seen.epoch, seen.version, seen.tat, seen.shift, seen.paused, seen.at + seenMs] : NOTHING_SEEN;
  return [perTokenMs, Math.max(0, intervalMs - perTokenMs), intervalMs + KEEP_MS, ...known, apartShare].map(String);
}

const NOTHING_SEEN = [0, -1, 0, 0, 0, 0];

/** How much later turns fall due than they did: by pauses that began or ended meanwhile. Undefined: some by more than others. */
export function shiftBetween(before: SeenState | undefined, after: SeenState): number | undefined {
  if (before?.epoch !== after.epoch) return 0;
  return before.apart === 0 && after.apart === 0 ? after.shift - before.shift : undefined;
}

/** How long until a place falls due, where the state was seen so long ago. Negative: it has. */
export function waitFor(place: number, { shift, paused, at, apart }: SeenState, seenMs = 0): number {
  const now = at + seenMs;
  const from = Math.max(at, paused);
  return from - now + (place - (from - shift)) / (1 - apart);
}

/** The place that falls due so long after the state was so. */
export function placeAfter(waitMs: number, { shift, paused, at, apart }: SeenState): number {
  const from = Math.max(at, paused);
  return from - shift + (waitMs - (from - at)) * (1 - apart);
}

/** A place by the bucket's time, in the terms of another state. */
export function placeIn(after: SeenState, before: SeenState, place: number): number {
  if (after.epoch === before.epoch) return place;
  return place + before.shift + before.epoch - after.epoch - after.shift;
}
