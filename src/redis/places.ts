import { placeAfter, placeIn, type QuotaAnswer, type SeenState, shiftBetween, waitFor } from './quota-state.js';

/** For how long a place is known after its time. */
const FORGET_MS = 1_000;

/** What an answer changes for calls that wait. */
export interface Noted {
  /** How much later their turns fall due; undefined: some by more than others. */
  readonly shiftMs: number | undefined;
}

/** A place whose time is yet to come. */
export interface WaitingPlace {
  readonly place: number;
  readonly waitMs: number;
}

/** What a process has seen of one key in Redis, and the places that it has there, by the bucket's time. Decides only: it asks nobody. */
export class Places {
  #seen: SeenState | undefined;
  /** On this process's clock. */
  #seenAt = -Infinity;
  /** Sorted. */
  #own: number[] = [];
  /** Places up to this one are of an epoch before: Redis does not know whose they are, and none is given back. */
  #foreignTo = -Infinity;
  /** Redis could not be told of them yet. */
  #returned: number[] = [];

  /** The last that was seen. */
  get seen(): SeenState | undefined {
    return this.#seen;
  }

  /** How long ago that was. */
  seenMs(now: number): number {
    return now - this.#seenAt;
  }

  /** How long the key is paused from now on, as far as is known. Zero or less: it is not. */
  pausedMs(now: number): number {
    return this.#seen ? this.#seen.paused - this.#seen.at - this.seenMs(now) : 0;
  }

  /** @returns undefined where a later state is known already */
  note(state: SeenState, now: number): Noted | undefined {
    const before = this.#seen;
    if (before?.epoch === state.epoch && before.version > state.version) return undefined;
    this.#seen = state;
    this.#seenAt = now;
    if (before && before.epoch !== state.epoch) {
      this.#own = this.#own.map((place) => placeIn(state, before, place));
      this.#foreignTo = this.#own.at(-1) ?? -Infinity;
      this.#returned = [];
    }
    return { shiftMs: shiftBetween(before, state) };
  }

  /** Has those that an answer gives out; those whose time is long past are forgotten. */
  add(places: readonly number[], state: SeenState): void {
    const from = this.#own.findIndex((place) => waitFor(place, state) > -FORGET_MS);
    this.#own = [...this.#own.slice(from === -1 ? this.#own.length : from), ...places];
    this.#own.sort((a, b) => a - b);
  }

  /** Has the last ones no more. */
  takeLast(count: number): readonly number[] {
    return count > 0 ? this.#own.splice(-count) : [];
  }

  /** Has none any more. */
  takeAll(now: number): readonly number[] {
    const waiting = this.waiting(now).map(({ place }) => place);
    this.#own = [];
    return waiting;
  }

  /** Those whose time is yet to come, the soonest first. */
  waiting(now: number): readonly WaitingPlace[] {
    const seen = this.#seen;
    if (!seen) return [];
    return this.#own
      .map((place) => ({ place, waitMs: waitFor(place, seen, this.seenMs(now)) }))
      .filter(({ waitMs }) => waitMs > 0);
  }

  /**
   * How long each of so many calls that wait has to, by the places that they have.
   * @returns undefined: there are fewer places
   */
  waitsOf(count: number): readonly number[] | undefined {
    const waits = this.#own.map((place) => waitFor(place, this.#seen!));
    const next = waits.findIndex((wait) => wait > 0);
    // Those whose turn has come may not have begun yet.
    const from = next === -1 || waits.length - next < count ? waits.length - count : next;
    return from < 0 ? undefined : waits.slice(from, from + count).map((wait) => Math.max(0, wait));
  }

  /**
   * Places that Redis is to have back.
   * @returns whether there were none before
   */
  giveBack(places: readonly number[]): boolean {
    const isFirst = this.#returned.length === 0;
    this.#returned.push(...places.filter((place) => place > this.#foreignTo));
    return isFirst;
  }

  /** Those that Redis is to have back, once. The last first: those before it may be last, then. */
  takeReturned(): readonly number[] {
    const returned = this.#returned.toSorted((a, b) => b - a);
    this.#returned = [];
    return returned;
  }
}

/** The places that an answer gives out. */
export function placesOf({ state, rest }: QuotaAnswer, maxWaits: readonly number[]): readonly number[] {
  return rest.filter((wait, index) => wait <= maxWaits[index]!).map((wait) => placeAfter(wait, state));
}
