/** Exchanges per origin that have a socket or wait for one; bounded, so that a stuck origin cannot gather callers for ever. */
export class Occupancy {
  /** Origin → exchanges, for origins that have any. */
  readonly #exchanges = new Map<string, number>();
  readonly #max: number;

  /** @param max exchanges of one origin at a time */
  constructor(max: number) {
    this.#max = max;
  }

  /** @returns whether there is room; `leave` gives it back */
  enter(origin: string): boolean {
    const exchanges = this.#exchanges.get(origin) ?? 0;
    if (exchanges >= this.#max) return false;
    this.#exchanges.set(origin, exchanges + 1);
    return true;
  }

  leave(origin: string): void {
    const exchanges = this.#exchanges.get(origin)! - 1;
    if (exchanges === 0) this.#exchanges.delete(origin);
    else this.#exchanges.set(origin, exchanges);
  }
}
