import type { GenericAbortSignal } from 'axios';
import { quietly } from './quietly.js';
import { tellAll } from './tell-all.js';

type Listener = () => void;

/** Whom the abort of a signal is told to. One for each signal: Node warns of more than ten listeners on one, and calls may share it. */
class Followers {
  readonly #signal: GenericAbortSignal;
  readonly #listeners = new Set<Listener>();

  constructor(signal: GenericAbortSignal) {
    this.#signal = signal;
  }

  add(listener: Listener): void {
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
  remove(listener: Listener): void {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
    quietly(() => this.#signal.removeEventListener?.('abort', this.#tell)); // the call is over: there is nobody to tell
  }

  readonly #tell = (): void => tellAll([...this.#listeners], undefined);
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
