import type { Ping } from '../monitor.dto.js';

/** A ping as Redis has it: an array, without the names of its members, takes half the memory. */
export type PingEntry = readonly [
  id: string,
  at: string,
  state: Ping['state'],
  status: number | null,
  code: string | null,
  attempts: number,
  durationMs: number,
];

export const entryOf = (id: string, { at, state, status, code, attempts, durationMs }: Ping): PingEntry => [
  id,
  at,
  state,
  status,
  code,
  attempts,
  durationMs,
];

export const pingOf = ([, at, state, status, code, attempts, durationMs]: PingEntry): Ping => ({
  at,
  state,
  status,
  code,
  attempts,
  durationMs,
});
