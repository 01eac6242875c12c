import type { AxiosResponse } from 'axios';
import type { Call, Handler, Layer } from '../../src/call/call.js';
import { cache } from '../../src/layers/cache/cache.js';
import { Changes, changes } from '../../src/layers/cache/changes.js';
import type { CacheSettings } from '../../src/layers/cache/settings.js';
import type { ResponseStore } from '../../src/layers/cache/store.js';
import { CacheState } from '../../src/layers/cache/state.js';
import { coalesce } from '../../src/layers/coalesce/coalesce.js';
import { UnderWay } from '../../src/layers/coalesce/under-way.js';
import { CACHE_DEFAULTS } from '../../src/options/resolve-cache.js';
import { InFlight } from '../../src/pool/in-flight.js';
import { DEFAULT_RULES } from '../../src/redaction/rules.js';
import { ManualClock } from './manual-clock.js';
import { RecordedEvents } from './recorded-events.js';
import { scriptedHandler } from './scripted-handler.js';

/** A cache over a handler whose requests end as the test says, on a clock that the test moves. */
export function startCache(
  given: Partial<CacheSettings> = {},
  {
    hasUnknownCredentials = false,
    store,
    coalesces = false,
  }: { hasUnknownCredentials?: boolean; store?: ResponseStore; coalesces?: boolean } = {},
) {
  const clock = new ManualClock();
  const wall = { nowMs: Date.UTC(2026, 0, 1) };
  const events = new RecordedEvents();
  const { handler, requests } = scriptedHandler();
  const settings = { ...CACHE_DEFAULTS, ...given };
  const state = new CacheState(settings, { client: 'default', events }, store);
  const gate = new InFlight();
  const context = {
    clock,
    now: () => wall.nowMs,
    events,
    gate,
    detached: <T>(work: () => T) => work(),
    isSecretHeader: DEFAULT_RULES.isSecretHeader,
    hasUnknownCredentials,
    coalesces,
    maxRedirects: 5,
    maxResponseBytes: false as const,
    state,
  };
  const underWay = coalesces ? new UnderWay() : undefined;
  const told = changes(new Changes(underWay, () => state));
  const shared = underWay ? coalesce(underWay) : (next: Handler) => next;
  const layerOf =
    (more: Partial<CacheSettings> = {}): Layer =>
    (next) =>
      told(cache({ ...context, settings: { ...settings, ...more } })(shared(next)));
  const handle = layerOf()(handler);

  /** Makes a call that goes to the upstream, and answers it. */
  async function filled(call: Call, response: Partial<AxiosResponse>): Promise<AxiosResponse> {
    const before = requests.length;
    const answer = handle(call);
    await Promise.resolve();
    if (requests.length === before) throw new Error('the call went not to the upstream');
    requests.at(-1)!.answer(response);
    return answer;
  }

  const pass = (seconds: number) => {
    wall.nowMs += seconds * 1_000;
    clock.tick(seconds * 1_000);
  };
  return { handle, layerOf, handler, requests, events, state, gate, clock, wall, filled, pass };
}
