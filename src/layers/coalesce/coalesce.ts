import type { Call, Layer } from '../../call/call.js';
import { exchangeKeys } from './keys.js';
import { SharedCall } from './shared-call.js';
import { UnderWay } from './under-way.js';

/**
 * Lets GETs that would send the same request, made while one of them is under way, share its exchange. Each has its own cancellation
 * and deadline, and gets a response or an error of its own; the exchange ends when nobody waits for it any more. Nothing is kept after
 * the answer: this is not a cache. But the answer may have been on its way when a call was made, so it may be older than the call; older than
 * what the client itself has changed it is not (`changes` tells of that).
 *
 * `exchangeKeys` says which calls are the same, by their config: headers that a layer adds for the caller at hand must be added
 * outside of this one, or callers get each other's answers.
 */
export function coalesce(underWay = new UnderWay()): Layer {
  const keys = exchangeKeys();
  const remove = (shared: SharedCall) => underWay.remove(shared);

  const setKey = (shared: SharedCall) => {
    const settings = keys.settings(shared.config);
    if (settings !== undefined) shared.key = shared.asked + settings;
  };

  return (next) => (call) => {
    const asked = mayBeShared(call) ? keys.asked(call.config) : undefined;
    if (asked === undefined) return next(call);
    const shared = new SharedCall(call, asked, remove);
    const { url } = shared;
    if (!underWay.has(url)) {
      underWay.addAlone(shared);
      return shared.start(next);
    }
    setKey(shared);
    if (shared.key === undefined) return next(call);
    const several = underWay.byKey(url, setKey);
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
