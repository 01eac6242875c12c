import { ownSettings } from '../base/prototype-pollution.js';
import type { Call } from '../call/call.js';
import type { PhaseLimits } from './phase-timer.js';

export interface TimedSettings {
  readonly phases: PhaseLimits;
  readonly poolWaitMs: number | false;
  /**
   * What a call's `timeout` is that brings none of its own; 0: no limit. Undefined: not known, as for a transport by itself, so that none is
   * taken for a call's own.
   */
  readonly clientTimeout?: number | undefined;
}

/**
 * The settings for a call that says itself how long it may take: by its `timeouts`, or by a `timeout` of its own, which lifts every phase that
 * it is longer than. With `responseType: 'stream'` the time of a body is none of it.
 * @returns the settings themselves for a call that says nothing
 */
export function callSettings<Settings extends TimedSettings>(settings: Settings, { config }: Call): Settings {
  const { timeouts, timeout = 0 } = config;
  const { phases, poolWaitMs, clientTimeout } = settings;
  const isOwn = clientTimeout !== undefined && timeout !== clientTimeout && !isWhatIsLeft(config, clientTimeout);
  if (timeouts === undefined && !isOwn) return settings;
  const own = ownSettings(timeouts) ?? {};
  const attemptMs = own.attemptMs ?? (isOwn ? timeout || false : undefined);
  const limit = (given: number | false | undefined, ofClient: number | false): number | false => {
    if (given !== undefined) return given;
    const isLifted = attemptMs === false || (attemptMs !== undefined && ofClient !== false && attemptMs > ofClient);
    return isLifted ? false : ofClient;
  };
  return {
    ...settings,
    poolWaitMs: limit(own.poolWaitMs, poolWaitMs),
    phases: {
      connect: limit(own.connectMs, phases.connect),
      response: limit(own.responseMs, phases.response),
      bodyIdle:
        config.responseType === 'stream' ? (own.bodyIdleMs ?? phases.bodyIdle) : limit(own.bodyIdleMs, phases.bodyIdle),
      readerIdle: own.readerIdleMs ?? phases.readerIdle,
    },
  };
}

/** axios-retry takes the time that is over off the `timeout` of its next attempt: what is left of the client's is nobody's wish. */
function isWhatIsLeft(config: object, clientTimeout: number): boolean {
  const { timeout = 0, 'axios-retry': state } = config as { timeout?: number; 'axios-retry'?: unknown };
  return state !== undefined && timeout > 0 && timeout < clientTimeout;
}
