import { AxiosError, type Cancel, CanceledError, type CancelToken, type GenericAbortSignal } from 'axios';

/** Does something to what belongs to a caller, where nobody is left to tell that it throws. */
export function quietly(action: () => unknown): void {
  try {
    action();
  } catch {
    // its owner's fault, and its owner's loss
  }
}

/** Calls every listener, also where one of them throws: what the others hold must be given back. The last error is thrown. */
export function tellAll<T>(listeners: readonly ((value: T) => void)[], value: T, from = 0): void {
  let next = from;
  try {
    while (next < listeners.length) listeners[next++]!(value);
  } finally {
    if (next < listeners.length) tellAll(listeners, value, next);
  }
}

type AbortListener = () => void;

/** Whom the abort of a signal is told to. One for each signal: Node warns of more than ten listeners on one, and calls may share it. */
class Followers {
  readonly #signal: GenericAbortSignal;
  readonly #listeners = new Set<AbortListener>();

  constructor(signal: GenericAbortSignal) {
    this.#signal = signal;
  }

  add(listener: AbortListener): void {
    this.#listeners.add(listener);
    if (this.#listeners.size > 1) return;
    try {
      this.#signal.addEventListener?.('abort', this.#tell);
    } catch (error) {
      this.#listeners.delete(listener); // else those to come would take the signal for one that is listened to
      throw error;
    }
  }

  /** Whoever the signal belongs to may keep it for long: nothing of ours stays on it. */
  remove(listener: AbortListener): void {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
    quietly(() => this.#signal.removeEventListener?.('abort', this.#tell)); // the call is over: there is nobody to tell
  }

  readonly #tell = (): void => {
    // As with any signal, not those who are removed by one that is told before them.
    const tell = [...this.#listeners].map((listener) => () => void (this.#listeners.has(listener) && listener()));
    tellAll(tell, undefined);
  };
}

const followed = new WeakMap<GenericAbortSignal, Followers>();

/**
 * Calls back when a signal aborts that has not.
 * @returns stops that
 */
export function onAbort(signal: GenericAbortSignal, callback: () => void): () => void {
  let followers = followed.get(signal);
  if (!followers) followed.set(signal, (followers = new Followers(signal)));
  const listener = () => callback();
  followers.add(listener);
  return () => followers.remove(listener);
}

type Listener = (reason: any) => void;

/** Most have one listener, and lists that are not made are not collected. */
const NONE: Listener[] = [];

/**
 * A CancelToken that ends a request with the very error it is given, where axios's own can only make a
 * `CanceledError`. It is the only one that listens to what the caller passes, a signal or a token, and nothing of theirs throws out of it
 * once it follows them.
 */
export class Cancellation implements CancelToken {
  #parent: Cancellation | undefined;
  #listeners: Listener[] = NONE;
  #reason: Error | undefined;
  #unfollow: (() => void) | undefined;

  constructor(parent?: Cancellation) {
    this.#parent = parent;
  }

  get reason(): Cancel | undefined {
    return this.#reason ?? this.#parent?.reason;
  }

  /** Only for code that reads axios's documented `token.promise`; made when asked for. */
  get promise(): Promise<Cancel> {
    return new Promise((resolve) => this.subscribe(resolve));
  }

  /** The first reason counts; later ones do nothing. */
  cancel(reason: Error): void {
    if (this.#reason) return;
    this.#reason = reason;
    for (const listener of this.#listeners.slice()) {
      try {
        listener(reason);
      } catch {
        // A layer's: the others are to be told all the same, and whoever cancels is not to pay for it.
      }
    }
  }

  /**
   * Cancels when the signal aborts, at once if it already has, until `unfollow`.
   * @param reason makes the error that it is cancelled with
   */
  follow(signal: GenericAbortSignal, reason: () => Error): void {
    const abort = () => this.cancel(reason());
    if (signal.aborted) {
      abort();
      return;
    }
    this.#onUnfollow(onAbort(signal, abort));
  }

  /**
   * Cancels with the token, at once if that already is, until `unfollow`.
   * @throws AxiosError for a token of another kind, as those of axios before 0.22: nobody could stop listening to it; what its `subscribe` throws
   */
  followToken(token: CancelToken): void {
    if (token instanceof Cancellation) {
      this.#parent = token; // of HttpService, which calls nothing of the caller's either
      return;
    }
    for (const method of ['subscribe', 'unsubscribe'] as const) {
      if (typeof (token as Partial<CancelToken>)[method] === 'function') continue;
      const message = `cancelToken.${method} is not a function: pass a token of this version of axios or, better, a signal`;
      throw new AxiosError(message, AxiosError.ERR_BAD_OPTION_VALUE);
    }
    const cancel = (reason: Error | undefined) => this.cancel(reason ?? new CanceledError());
    this.#onUnfollow(() => token.unsubscribe(cancel));
    token.subscribe(cancel);
  }

  /** Whoever the signal or token belongs to may keep it for long. */
  unfollow(): void {
    this.#unfollow?.();
    this.#unfollow = undefined;
    this.#parent?.unfollow();
  }

  #onUnfollow(stop: () => void): void {
    const others = this.#unfollow;
    this.#unfollow = () => {
      others?.();
      try {
        stop();
      } catch {
        // The call is over: there is nobody to tell.
      }
    };
  }

  /** Calls the listener when cancelled, at once if it already is. */
  subscribe(listener: Listener): void {
    if (this.#reason) return listener(this.#reason);
    if (this.#listeners === NONE) this.#listeners = [listener];
    else this.#listeners.push(listener);
    this.#parent?.subscribe(listener);
  }

  unsubscribe(listener: Listener): void {
    const index = this.#listeners.indexOf(listener);
    if (index !== -1) this.#listeners.splice(index, 1);
    this.#parent?.unsubscribe(listener);
  }

  /** Only for adapters built on `fetch`. */
  toAbortSignal(): AbortSignal {
    const controller = new AbortController();
    this.subscribe((reason) => controller.abort(reason));
    return controller.signal;
  }

  throwIfRequested(): void {
    const { reason } = this;
    if (reason) throw reason;
  }
}
