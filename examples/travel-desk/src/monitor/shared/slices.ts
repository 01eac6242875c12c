import { seedOf } from '../../upstreams/seeded-random.js';

// How the endpoints are dealt out, as plain decisions.

/** A part of the endpoints: what one job pings. */
export interface Slice {
  /** As `slice-3`: the id of its job scheduler. */
  readonly key: string;
  readonly ids: readonly string[];
}

/** @param size endpoints in a slice; the last may have fewer */
export const slicesOf = (ids: readonly string[], size: number): Slice[] =>
  Array.from({ length: Math.ceil(ids.length / size) }, (_, index) => ({
    key: `slice-${index}`,
    ids: ids.slice(index * size, (index + 1) * size),
  }));

/**
 * How far into each interval a round begins, in milliseconds, from 1: BullMQ takes 0 for none. All slices begin at once, so that
 * every process takes its share of them; another list of endpoints begins at another moment.
 */
export const offsetMs = (ids: readonly string[], intervalMs: number): number =>
  1 + (seedOf(ids.join(' ')) % (intervalMs - 1));

/** How many slices a process may ping at once: no more than its share, so that the others get theirs. */
export const shareOf = (slices: number, replicas: number): number =>
  Math.max(1, Math.ceil(slices / Math.max(1, replicas)));

/**
 * How long a process may be silent before its slices are given to others, in milliseconds. They are found at the second look at
 * most, one such time apart: a quarter of a round leaves them time within their round.
 */
export const lockMs = (intervalMs: number): number => Math.min(Math.max(1_000, Math.floor(intervalMs / 4)), 30_000);

/** How often a process says that it is there, and looks whether the schedule is, in milliseconds. */
export const beatMs = (intervalMs: number): number => Math.min(Math.max(250, Math.floor(intervalMs / 2)), 5_000);
