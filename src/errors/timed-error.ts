import { type AxiosResponse, isAxiosError } from 'axios';
import type { Clock } from '../clock.js';
import type { Call } from '../layers/layer.js';
import { noTimings, rounded, type Timings } from '../observability/timings.js';

/**
 * Has an error of axios's or ours say where the time of its call went. One with a response has that response's timings, which may still be
 * written. A frozen error stays as it is.
 * @param exchange those of the call's last exchange; undefined: it came to none
 */
export function timeError(error: unknown, call: Call, clock: Clock, exchange?: Timings): void {
  if (!isAxiosError(error)) return;
  const { response } = error as { response?: AxiosResponse };
  Reflect.set(error, 'timings', response?.timings ?? timingsUntilNow(call, clock, exchange));
}

function timingsUntilNow({ journal }: Call, clock: Clock, exchange: Timings = noTimings()): Timings {
  return { ...exchange, queueMs: rounded(journal.queuedMs), totalMs: rounded(clock.now() - journal.startedAt) };
}
