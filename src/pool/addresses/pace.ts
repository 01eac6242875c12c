/** Responses that its average reaches back to. */
const AVERAGED_RESPONSES = 50;
/** Fewer than these say nothing: the first ones of a new server find its caches cold. */
const MIN_RESPONSES = 5;
/** Differences of shorter times are those of the network and of this process. */
const MIN_MS = 1;
/** What is called slow: response times that differ by less are noise, or of other calls. */
const SLOW = 3;
/** How long a slow address gets no request, until one finds out whether it still is. */
const PROBE_MS = 10_000;
/** What the response to such a request counts: two good ones bring an address back that was ten times slower. */
const PROBE_SHARE = 1 / 2;

/**
 * How fast an address answers, compared with the others of its origin.
 *
 * The average is that of the logarithms (so the mean is the geometric one), exponentially weighted. A few calls that take a hundred times longer than the rest, as
 * exports beside look-ups, move it little; all calls of a server that has become ten times slower do so within 25 responses.
 *
 * Source: Finagle's Peak EWMA, which multiplies the requests in flight by the response time
 * (https://github.com/twitter/finagle/blob/develop/finagle-core/src/main/scala/com/twitter/finagle/loadbalancer/PeakEwma.scala). Here only what is `SLOW` counts,
 * as with the `dynamic_snitch_badness_threshold` of Cassandra: response times of healthy servers differ by chance, and to follow them makes the load uneven
 * (simulated: up to 1.23 times the mean, in place of 1.01).
 */
export class Pace {
  /** How many times slower it is than the others; 1: not slow, or not known. */
  slowness = 1;
  #responses = 0;
  #logMs = 0;
  /** When it last got a request, or answered one, while it was slow. */
  #heardAt = 0;

  /** The average, as a logarithm; undefined: too few responses. */
  get logMs(): number | undefined {
    return this.#responses < MIN_RESPONSES ? undefined : this.#logMs;
  }

  /** It has answered. */
  answered(ms: number, now: number): void {
    const share = this.slowness > 1 ? PROBE_SHARE : Math.max(1 / ++this.#responses, 2 / (AVERAGED_RESPONSES + 1));
    this.#logMs += (Math.log(Math.max(MIN_MS, ms)) - this.#logMs) * share;
    this.#heardAt = now;
  }

  /** A request is for it. */
  asked(now: number): void {
    this.#heardAt = now;
  }

  /** @param typical average of the origin's addresses, as a logarithm; undefined: not known */
  compare(typical: number | undefined): void {
    const times = typical === undefined || this.#responses < MIN_RESPONSES ? 1 : Math.exp(this.#logMs - typical);
    this.slowness = times > SLOW ? times : 1;
  }

  /** Whether it is slow, and it is time to see if it still is. */
  isToBeProbed(now: number): boolean {
    return this.slowness > 1 && now - this.#heardAt >= PROBE_MS;
  }
}

/** @returns the median of the averages (of two, the shorter one); undefined where less than half of them are known */
export function typicalOf(paces: readonly Pace[]): number | undefined {
  const known = paces.flatMap(({ logMs }) => logMs ?? []).toSorted((a, b) => a - b);
  return known.length * 2 > paces.length ? known[(known.length - 1) >> 1] : undefined;
}
