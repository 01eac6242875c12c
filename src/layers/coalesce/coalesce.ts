import type { Call, Layer } from '../../call/call.js';
import { exchangeKeys } from './keys.js';
import { SharedCall } from './shared-call.js';

type ByKey = Map<string, SharedCall>;

/**
 * Lets GETs that would send the same request, made while one of them is under way, share its exchange. Each has its own cancellation
 * and deadline, and gets a response or an error of its own; the exchange ends when nobody waits for it any more. Nothing is kept after
 * the answer: this is not a cache. But the answer may have been on its way when a call was made, so it may be older than the call.
 *
 * `exchangeKeys` says which calls are the same, by their config: headers that a layer adds for the caller at hand must be added
 * outside of this one, or callers get each other's answers.
 */
export function coalesce(): Layer {
  const keys = exchangeKeys();
  /** By `url` as written. One that is alone with its URL, as most are, does not need the rest of its key, which takes microseconds. */
  const underWay = new Map<string | undefined, SharedCall | ByKey>();

  const remove = (shared: SharedCall) => {
    const { url } = shared;
    const there = underWay.get(url);
    if (there === shared) underWay.delete(url);
    if (!(there instanceof Map)) return;
    if (there.get(shared.key!) === shared) there.delete(shared.key!);
    if (there.size === 0) underWay.delete(url);
  };

  const setKey = (shared: SharedCall) => {
    const settings = keys.settings(shared.config);
    if (settings !== undefined) shared.key = shared.asked + settings;
  };

  const byKey = (there: SharedCall | ByKey): ByKey => {
    if (there instanceof Map) return there;
    const several: ByKey = new Map();
    setKey(there);
    if (there.key !== undefined) several.set(there.key, there);
    underWay.set(there.url, several);
    return several;
  };

  return (next) => (call) => {
    const asked = mayBeShared(call) ? keys.asked(call.config) : undefined;
    if (asked === undefined) return next(call);
    const shared = new SharedCall(call, asked, remove);
    const { url } = shared;
    const there = underWay.get(url);
    if (!there) {
      underWay.set(url, shared);
      return shared.start(next);
    }
    setKey(shared);
    if (shared.key === undefined) return next(call);
    const several = byKey(there);
    const running = several.get(shared.key);
    // One that a layer within has ended is about to fail.
    if (running && !running.cancellation.reason) return running.join(call);
    several.set(shared.key, shared);
    return shared.start(next);
  };
}

function mayBeShared({ method, config }: Call): boolean {
  const { responseType, data } = config;
  return method === 'GET' && responseType !== 'stream' && (data === undefined || data === null);
}
