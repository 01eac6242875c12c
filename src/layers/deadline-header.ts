import { type Clock, MAX_TIMER_MS } from '../clock.js';
import { withAddedHeaders } from './added-headers.js';
import { deriveCall } from './create-call.js';
import type { Layer } from './layer.js';

export interface DeadlineHeaderSettings {
  /** In lower case. */
  readonly header: string;
  /** Which origins are told. */
  readonly to: ReadonlySet<string>;
}

/**
 * Tells an upstream how long the call has left, in whole milliseconds, so that it need not work for nothing. For each attempt
 * anew: it has less than the one before.
 */
export function deadlineHeader({ header, to }: DeadlineHeaderSettings, clock: Clock): Layer {
  return (next) => (call) => {
    if (call.deadline === Infinity || !to.has(call.origin)) return next(call);
    const leftMs = Math.max(1, Math.floor(call.deadline - clock.now()));
    if (leftMs > MAX_TIMER_MS) return next(call); // says nothing, and no reader's timer takes it
    const config = withAddedHeaders(call.config, { [header]: String(leftMs) });
    return next(deriveCall(call, { config }));
  };
}
