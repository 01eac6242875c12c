import type { Clock } from '../clock.js';
import { onAbort } from '../on-abort.js';
import type { GatherCall, GatherCounts, GatherEntry, GatherMissed, GatherMissedReason } from './gather-types.js';

export type GatherKey = string | number;

export interface CollectProgress {
  readonly key: GatherKey;
  readonly result: GatherEntry<unknown>;
  readonly counts: GatherCounts;
}

export interface CollectPlan {
  readonly entries: readonly (readonly [GatherKey, GatherCall])[];
  /** How many must be fulfilled. */
  readonly needed: number;
  readonly deadlineMs: number | undefined;
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((event: CollectProgress) => unknown) | undefined;
  readonly clock: Clock;
}

export interface Collected {
  /** In the order of the calls. */
  readonly results: readonly (readonly [GatherKey, GatherEntry<unknown>])[];
  readonly counts: GatherCounts;
}

interface Running {
  readonly startedAt: number;
  /** Its own: what a fulfilled call gave, as a stream that is still read, must not end with the others. */
  readonly controller: AbortController;
}

/**
 * Runs the calls until as many as needed are fulfilled, all are over, or the deadline passes.
 * @throws the reason of `signal` when it aborts before that
 */
export function collect(plan: CollectPlan): Promise<Collected> {
  const { entries, needed, deadlineMs, concurrency, signal, clock } = plan;
  return new Promise((resolve, reject) => {
    const running = new Map<GatherKey, Running>();
    const settled = new Map<GatherKey, GatherEntry<unknown>>();
    let started = 0;
    let fulfilled = 0;
    let isOver = false;
    let timer: unknown;
    let unfollow: (() => void) | undefined;

    const counts = (): GatherCounts => {
      const { length: total } = entries;
      return { total, fulfilled, missed: settled.size - fulfilled, pending: total - settled.size };
    };

    const abortRunning = (reason: unknown) => {
      isOver = true;
      clock.clearTimeout(timer);
      unfollow?.();
      for (const { controller } of running.values()) controller.abort(reason);
    };

    const abort = () => {
      reject(signal!.reason);
      abortRunning(signal!.reason);
    };

    const end = (reason: GatherMissedReason, abortReason: DOMException) => {
      const now = clock.now();
      for (const [key, { startedAt }] of running) settled.set(key, missed(reason, now - startedAt));
      for (const [key] of entries.slice(started)) settled.set(key, missed('not-started', 0));
      resolve({ results: entries.map(([key]) => [key, settled.get(key)!] as const), counts: counts() });
      abortRunning(abortReason);
    };

    const expire = () => end('deadline', new DOMException('the deadline of gather has passed', 'TimeoutError'));

    const settle = (key: GatherKey, result: GatherEntry<unknown>) => {
      if (isOver) return;
      running.delete(key);
      settled.set(key, result);
      if (result.status === 'fulfilled') fulfilled++;
      notify(plan, { key, result, counts: counts() });
      goOn();
    };

    const start = ([key, call]: readonly [GatherKey, GatherCall]) => {
      const startedAt = clock.now();
      const controller = new AbortController();
      running.set(key, { startedAt, controller });
      promised(call, controller.signal).then(
        (value) => settle(key, { status: 'fulfilled', value, durationMs: clock.now() - startedAt }),
        (error: unknown) => settle(key, { ...missed('failed', clock.now() - startedAt), error }),
      );
    };

    const goOn = () => {
      if (isOver) return;
      if (fulfilled >= needed || settled.size === entries.length) {
        end('not-needed', new DOMException('gather has what it needs', 'AbortError'));
      }
      while (running.size < concurrency && started < entries.length) {
        if (isOver) return; // a call that is started may abort the whole
        start(entries[started++]!);
      }
    };

    if (signal?.aborted) {
      abort();
      return;
    }
    unfollow = signal && onAbort(signal, abort);
    if (deadlineMs === 0) expire();
    else if (deadlineMs !== undefined) timer = clock.setTimeout(expire, deadlineMs);
    goOn();
  });
}

/** What it throws, too, comes as a rejection. */
async function promised(call: GatherCall, signal: AbortSignal): Promise<unknown> {
  return call({ signal });
}

function missed(reason: GatherMissedReason, durationMs: number): GatherMissed {
  return { status: 'missed', reason, durationMs };
}

function notify({ onProgress }: CollectPlan, event: CollectProgress): void {
  if (!onProgress) return;
  const told = async () => onProgress(event);
  told().catch(() => {}); // a broken listener must not cost the results
}
