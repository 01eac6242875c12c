import type { MeterProvider, ObservableResult, ObservableUpDownCounter } from '@opentelemetry/api';
import type { HttpAttributes } from './attributes.js';
import type { Series } from './series.js';

/** Provider → what has been under way since it was told last, of all apps of the process. */
const counted = new WeakMap<MeterProvider, ActiveRequests>();

/** Where nobody collects metrics, this is not to grow for ever. The SDK keeps as many sets of attributes of a metric. */
const MAX_UNTOLD = 2_000;

/**
 * Counts the requests under way, and tells them whenever metrics are collected. An SDK that is told of each begin and each end builds a key
 * of all attributes both times: that took 5 us for each request.
 */
export class ActiveRequests {
  readonly #series = new Set<Series>();

  /**
   * @param counter the provider's
   * @returns one for all apps of the process, since of what is told twice with the same attributes only the second counts
   */
  static of(provider: MeterProvider, counter: ObservableUpDownCounter): ActiveRequests {
    let active = counted.get(provider);
    if (!active) {
      active = new ActiveRequests();
      counted.set(provider, active);
      counter.addCallback((result) => active!.#tell(result));
    }
    return active;
  }

  begin(series: Series): void {
    if (series.active++ === 0) this.#series.add(series);
  }

  end(series: Series): void {
    if (--series.active === 0 && this.#series.size > MAX_UNTOLD) this.#series.delete(series);
  }

  /** What was told last is exported for ever, so of those that have ended it is told once more that there are none. */
  #tell(result: ObservableResult): void {
    /** Several may have the same attributes, as those of unknown methods. */
    const sums = new Map<string, { readonly attributes: Readonly<HttpAttributes>; active: number }>();
    for (const series of this.#series) {
      const { attributes, active } = series;
      const key = JSON.stringify(attributes);
      const sum = sums.get(key);
      if (sum) sum.active += active;
      else sums.set(key, { attributes, active });
      if (active === 0) this.#series.delete(series);
    }
    for (const { attributes, active } of sums.values()) result.observe(active, attributes);
  }
}
