import type { Clock } from '../clock.js';
import type { EventSink } from '../observability/http-client-events.js';
import { LatencyWindow } from '../policies/latency-window.js';
import { isReplayableBody } from '../policies/replayable-body.js';
import { HedgedCall } from './hedged-call.js';
import type { Call, Layer } from './layer.js';
import { OriginMap } from './origin-map.js';

export interface HedgeSettings {
  /** Requests beyond the first: 1 or more. */
  readonly max: number;
  /** The fraction of the origin's calls lately that a call must outlast: above 0, below 1. */
  readonly percentile: number;
  /** The wait while too few calls were seen to know, in milliseconds. */
  readonly coldMs: number;
}

export interface HedgeContext {
  readonly clock: Clock;
  /** Asked where a call has no `mayRepeat`; undefined: no limit. */
  readonly budgets: OriginMap<{ deposit(): void; withdraw(): boolean }> | undefined;
  readonly events: EventSink;
}

/** RFC 9110 §9.2.1, and QUERY (draft-ietf-httpbis-safe-method-w-body). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY']);

/**
 * Sends a request again that takes longer than most lately, as far as the budget allows, and takes the answer that comes first
 * (Dean & Barroso, The Tail at Scale, 2013). The others are cancelled.
 *
 * - Calls of safe methods only, whose body can be sent again and whose progress nobody watches.
 * - A failure before the wait is over fails the call at once: repeating it is for the retry layer. Later it waits for the requests that
 *   are under way; where all fail, the call fails as its first request did.
 * - An answer is a response with a conclusive status, whether or not `validateStatus` accepts it.
 */
export function hedge(settings: HedgeSettings, { clock, budgets, events }: HedgeContext): Layer {
  const { max, coldMs } = settings;
  const windows = new OriginMap(() => new LatencyWindow(settings.percentile));
  return (next) => (call) => {
    const budget = call.mayRepeat ? undefined : budgets?.get(call.origin);
    if (call.attempt === 1) budget?.deposit();
    if (!isHedgeable(call)) return next(call);
    const window = windows.get(call.origin);
    const mayRepeat = call.mayRepeat ?? (budget && (() => budget.withdraw()));
    const plan = { max, delayMs: window.percentile ?? coldMs, mayRepeat, events };
    return new HedgedCall(call, next, clock, window, plan).run();
  };
}

function isHedgeable({ method, config }: Call): boolean {
  const { data, onDownloadProgress, onUploadProgress } = config;
  return SAFE.has(method) && isReplayableBody(data) && !onDownloadProgress && !onUploadProgress;
}
