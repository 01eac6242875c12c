/** `EjectionOptions`, resolved. */
export interface EjectionRules {
  readonly consecutiveFailures: number;
  readonly baseMs: number;
  readonly maxMs: number;
  readonly maxShare: number;
  readonly panicShare: number;
}

/** How an address fares. Times are on the pool's clock. */
export interface Health {
  /** Failures since the last success. */
  readonly failures: number;
  /** Ejections in a row. */
  readonly ejections: number;
  /** When it may be probed; undefined: it is not ejected. */
  readonly ejectedUntil: number | undefined;
  /** When it was last brought back. */
  readonly returnedAt: number;
}

export const NEW_HEALTH: Health = { failures: 0, ejections: 0, ejectedUntil: undefined, returnedAt: -Infinity };

/** Envoy's `interval`: each of these without an ejection makes the next one a step shorter. */
const FORGIVING_MS = 10_000;

/** How many of so many addresses can be ejected at the same time. */
export function maxEjected(count: number, { maxShare }: EjectionRules): number {
  return Math.max(1, Math.floor(count * maxShare));
}

/** Whether so many are ejected that the rest must not carry all calls. */
export function isPanic(count: number, ejected: number, { panicShare }: EjectionRules): boolean {
  return count - ejected < count * panicShare;
}

/** A request to it went well. */
export function afterSuccess(health: Health, now: number): Health {
  if (health.ejectedUntil === undefined) return health.failures === 0 ? health : { ...health, failures: 0 };
  return { ...health, failures: 0, ejectedUntil: undefined, returnedAt: now };
}

/**
 * A request to it has failed.
 * @param mayEject whether one more address can be ejected
 */
export function afterFailure(health: Health, now: number, rules: EjectionRules, mayEject: boolean): Health {
  const failures = health.failures + 1;
  const { ejectedUntil } = health;
  const isProbe = ejectedUntil !== undefined && now >= ejectedUntil;
  const isDue = ejectedUntil === undefined && failures >= rules.consecutiveFailures && mayEject;
  if (!isProbe && !isDue) return { ...health, failures };
  const ejections = remembered(health, now) + 1;
  return { ...health, failures, ejections, ejectedUntil: now + Math.min(rules.maxMs, rules.baseMs * ejections) };
}

function remembered({ ejections, ejectedUntil, returnedAt }: Health, now: number): number {
  if (ejectedUntil !== undefined) return ejections;
  return Math.max(0, ejections - Math.floor((now - returnedAt) / FORGIVING_MS));
}
