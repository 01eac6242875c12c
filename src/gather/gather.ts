import { isAbortSignal, wrongKind } from '../base/argument-checks.js';
import { onAbort } from '../base/cancellation.js';
import { type Clock, systemClock } from '../base/clock.js';
import { nextTurn, rejectNextTurn, turnIfDue } from '../base/turns.js';
import type {
  GatherCall,
  GatherCalls,
  GatherCounts,
  GatherEntry,
  GatherMissed,
  GatherMissedReason,
  GatherOptions,
  GatherResult,
} from './types.js';

const invalid = (name: string, expected: string, value: unknown) => wrongKind(`gather: ${name}`, expected, value);

const SETTLES = new Set(['all', 'first', 'quorum']);

/**
 * The calls with their names or places.
 * @throws TypeError for anything but functions in a record or a list
 */
function checkedCalls(calls: GatherCalls): readonly (readonly [string | number, GatherCall])[] {
  if (typeof calls !== 'object' || calls === null) throw invalid('calls', 'a record or a list of functions', calls);
  const entries = Array.isArray(calls) ? [...(calls as GatherCall[]).entries()] : Object.entries(calls);
  for (const [key, call] of entries) {
    if (typeof call !== 'function') throw invalid(`calls[${JSON.stringify(key)}]`, 'a function', call);
  }
  return entries;
}

/**
 * How many calls must be fulfilled.
 * @throws TypeError for options of the wrong kind, RangeError for numbers that are out of range
 */
function checkedNeeded(options: GatherOptions, total: number): number {
  if (typeof options !== 'object' || options === null) throw invalid('options', 'an object', options);
  const { deadlineMs, concurrency, settle = 'all', quorum, signal, onProgress } = options;
  if (deadlineMs !== undefined) checkNumber('deadlineMs', deadlineMs, 0, Infinity, false);
  if (concurrency !== undefined) checkNumber('concurrency', concurrency, 1, Infinity, true);
  if (signal !== undefined && !isAbortSignal(signal)) throw invalid('signal', 'an AbortSignal', signal);
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw invalid('onProgress', 'a function', onProgress);
  if (!SETTLES.has(settle)) throw invalid('settle', "'all', 'first' or 'quorum'", settle);
  if (settle !== 'quorum' && quorum !== undefined) {
    throw new TypeError(`gather: quorum is only for settle 'quorum', not '${settle}'`);
  }
  if (settle === 'all') return total;
  if (total === 0) throw new RangeError(`gather: settle '${settle}' needs a call`);
  if (settle === 'first') return 1;
  checkNumber('quorum', quorum, 1, total, true);
  return quorum!;
}

function checkNumber(name: string, value: unknown, min: number, max: number, isWhole: boolean): void {
  const expected = `a ${isWhole ? 'whole number' : 'number'} from ${min} to ${max}`;
  if (typeof value !== 'number') throw invalid(name, expected, value);
  const isKind = !isWhole || Number.isInteger(value) || value === Infinity;
  if (!(value >= min && value <= max && isKind)) {
    throw new RangeError(`gather: ${name}: expected ${expected}, got ${value}`);
  }
}

type GatherKey = string | number;

interface CollectProgress {
  readonly key: GatherKey;
  readonly result: GatherEntry<unknown>;
  readonly counts: GatherCounts;
}

interface CollectPlan {
  readonly entries: readonly (readonly [GatherKey, GatherCall])[];
  /** How many must be fulfilled. */
  readonly needed: number;
  readonly deadlineMs: number | undefined;
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((event: CollectProgress) => unknown) | undefined;
  readonly clock: Clock;
}

interface Collected {
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
function collect(plan: CollectPlan): Promise<Collected> {
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

/**
 * Makes several calls at once and returns what came in time: all, a quorum, or the first. A missing part does not reject; `results` say why it is
 * missing. Calls that are no longer needed are aborted. A call that ignores its signal keeps nobody waiting.
 *
 * @example
 * const { values, complete } = await gather(
 *   {
 *     weather: (options) => http.get('/weather', options),
 *     news: async ({ signal }) => (await http.get('/news', { signal, params: { max: 3 } })).data,
 *   },
 *   { deadlineMs: 300 },
 * );
 * @throws TypeError or RangeError for calls or options that are wrong; the reason of `signal` when it aborts before the end
 */
export async function gather<const Calls extends GatherCalls>(
  calls: Calls,
  options: GatherOptions<NoInfer<Calls>> = {},
): Promise<GatherResult<Calls>> {
  try {
    const result = await gathered(calls, options);
    await (result.complete ? turnIfDue() : nextTurn());
    return result;
  } catch (error) {
    return rejectNextTurn(error);
  }
}

async function gathered<const Calls extends GatherCalls>(
  calls: Calls,
  options: GatherOptions<NoInfer<Calls>>,
): Promise<GatherResult<Calls>> {
  const entries = checkedCalls(calls);
  const needed = checkedNeeded(options as GatherOptions, entries.length);
  const { deadlineMs, concurrency = Infinity, signal, clock = systemClock } = options;
  const onProgress = options.onProgress as CollectPlan['onProgress'];
  const { results, counts } = await collect({ entries, needed, deadlineMs, concurrency, signal, onProgress, clock });
  const values = results.flatMap(([key, entry]) => (entry.status === 'fulfilled' ? [[key, entry.value] as const] : []));
  const isList = Array.isArray(calls);
  return {
    results: isList ? results.map(([, entry]) => entry) : Object.fromEntries(results),
    values: isList ? values.map(([, value]) => value) : Object.fromEntries(values),
    complete: counts.fulfilled >= needed,
    counts,
  } as unknown as GatherResult<Calls>;
}
