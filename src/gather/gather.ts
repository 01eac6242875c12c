import { systemClock } from '../clock.js';
import { nextTurn, rejectNextTurn, turnIfDue } from '../next-turn.js';
import { checkedCalls, checkedNeeded } from './gather-checks.js';
import type { GatherCalls, GatherOptions, GatherResult } from './gather-types.js';
import { collect, type CollectPlan } from './gather-collect.js';

/**
 * Makes several calls at once and takes what comes in time: all of it, a quorum, or the first. A part that is missing never rejects;
 * `results` say why it is missing. Calls that are no longer needed are aborted, and what they do afterwards is of no interest: one
 * that does not listen to its signal keeps nobody waiting.
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
