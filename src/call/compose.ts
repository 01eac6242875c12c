import type { AxiosResponse } from 'axios';
import type { Call, Handler, Layer } from './call.js';

/** What a call has failed with, which may be anything, also undefined. */
export interface Failure {
  readonly error: unknown;
}

/**
 * A layer that only watches: it sees a call begin, and may refuse it, and sees it end. It does not answer a call; that it waits for one (`carry`)
 * or repeats it (`again`) is the exception. `compose` runs neighbours that watch in one frame, with one promise for all of them.
 */
export interface Watcher<State = unknown> {
  /**
   * The call begins. What this throws, the call fails with, and `end` is told, too.
   * @returns what `end` needs; undefined: nothing of this call is to be watched
   */
  begin(call: Call): State | undefined;
  /**
   * The call has a response, whose body may be a stream that has not ended, or has failed.
   * @param state undefined where `begin` has thrown
   * @returns what the caller is to wait for before it is told
   */
  end(
    call: Call,
    state: State | undefined,
    response: AxiosResponse | undefined,
    failure: Failure | undefined,
  ): Promise<void> | void;
  /** A watched call as the layers within get it. Without it, that is the call itself. What this throws, the call fails with. */
  derive?(call: Call, state: State): Call;
  /** Carries a watched call on in a context of its own, or later. Without it, and where it returns undefined, that is `next(call)`, at once. */
  carry?(call: Call, state: State, next: Handler): Promise<AxiosResponse> | undefined;
  /**
   * The call could be made again, before `end` is told: those within have been told how it went.
   * @returns what counts in place of how it went; undefined: that does
   */
  again?(
    call: Call,
    state: State,
    response: AxiosResponse | undefined,
    failure: Failure | undefined,
    next: Handler,
  ): Promise<AxiosResponse> | undefined;
}

const WATCHER = Symbol('watcher');
type WatchingLayer = Layer & { [WATCHER]?: Watcher };

/** A watcher as a layer. */
export function watching<State>(watcher: Watcher<State>): Layer {
  const layer: WatchingLayer = (next) => frame([watcher], next);
  layer[WATCHER] = watcher;
  return layer;
}

/** Stacks layers on a terminal handler. The first listed is outermost. */
export function compose(layers: readonly Layer[], terminal: Handler): Handler {
  let handle = terminal;
  /** Neighbours, the innermost first. */
  let watchers: Watcher[] = [];
  for (const layer of layers.toReversed()) {
    const { [WATCHER]: watcher } = layer as WatchingLayer;
    if (watcher) watchers.push(watcher);
    else {
      handle = layer(frame(watchers.toReversed(), handle));
      watchers = [];
    }
  }
  return frame(watchers.toReversed(), handle);
}

/** One frame for watchers that are neighbours, the outermost first. */
function frame(watchers: readonly Watcher[], next: Handler): Handler {
  if (watchers.length === 0) return next;
  const within = watchers.map((watcher, index) =>
    watcher.carry || watcher.again ? frame(watchers.slice(index + 1), next) : next,
  );
  return (given) => {
    const states: unknown[] = [];
    /** What each watcher has begun with; undefined: all with what was given. */
    let calls: Call[] | undefined;
    let call = given;
    let isWatched = false;
    let result: Promise<AxiosResponse> | undefined;
    try {
      for (let i = 0; i < watchers.length && !result; i++) {
        const watcher = watchers[i]!;
        states.push(THREW);
        calls?.push(call);
        const state = (states[i] = watcher.begin(call));
        if (state === undefined) continue;
        isWatched = true;
        if (watcher.derive) {
          calls ??= states.map(() => given);
          call = watcher.derive(call, state);
        }
        if (watcher.carry) result = watcher.carry(call, state, within[i]!);
      }
      if (!isWatched) return next(call);
      result ??= next(call);
    } catch (error) {
      result = Promise.reject(error); // oxlint-disable-line prefer-promise-reject-errors -- as it was thrown
    }
    return told(result, given, calls, watchers, states, within);
  };
}

/** In place of the state of a watcher whose `begin` has thrown. */
const THREW = Symbol('threw');

/** Tells the watchers how the call went, the innermost first. */
async function told(
  result: Promise<AxiosResponse>,
  given: Call,
  calls: readonly Call[] | undefined,
  watchers: readonly Watcher[],
  states: readonly unknown[],
  within: readonly Handler[],
): Promise<AxiosResponse> {
  let response: AxiosResponse | undefined;
  let failure: Failure | undefined;
  try {
    response = await result;
  } catch (error) {
    failure = { error };
  }
  for (let i = states.length - 1; i >= 0; i--) {
    const state = states[i];
    if (state === undefined) continue;
    const watcher = watchers[i]!;
    const call = calls ? calls[i]! : given;
    if (watcher.again && state !== THREW) {
      try {
        const again = watcher.again(call, state, response, failure, within[i]!);
        // oxlint-disable-next-line no-await-in-loop -- as below
        if (again) [response, failure] = [await again, undefined];
      } catch (error) {
        [response, failure] = [undefined, { error }];
      }
    }
    const ended = watcher.end(call, state === THREW ? undefined : state, response, failure);
    if (ended) await ended; // oxlint-disable-line no-await-in-loop -- one after the other, from the inside out
  }
  if (failure) throw failure.error;
  return response!;
}
