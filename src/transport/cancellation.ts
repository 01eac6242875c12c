import type { Cancel, CancelToken, GenericAbortSignal } from 'axios';
import { onAbort } from '../on-abort.js';

type Listener = (reason: any) => void;

/** Most have one listener, and lists that are not made are not collected. */
const NONE: Listener[] = [];

/**
 * A CancelToken that ends a request with the very error it is given, where axios's own can only make a
 * `CanceledError`. Follows the token the caller passed, if any.
 */
export class Cancellation implements CancelToken {
  readonly #parent: CancelToken | undefined;
  #listeners: Listener[] = NONE;
  #reason: Error | undefined;
  #unfollow: (() => void) | undefined;

  constructor(parent?: CancelToken) {
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
    for (const listener of this.#listeners.slice()) listener(reason);
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
    this.#unfollow = onAbort(signal, abort);
  }

  /** Whoever the signal belongs to may keep it for long. */
  unfollow(): void {
    this.#unfollow?.();
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
