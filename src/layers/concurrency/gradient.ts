import { type AdaptiveLimit, BACKOFF_RATIO, BoundedLimit, Drops, type LimitBounds, type LoadSample } from './limit.js';

/** Shorter response times are noise (Netflix), or of a clock that stands still. */
const MIN_RESPONSE_MS = 0.1;
/** Of a window: Netflix's WindowedLimit takes twice the least response time, at least 100 ms, at most 1 s, and 10 samples. */
const MIN_WINDOW_MS = 100;
const MAX_WINDOW_MS = 1_000;
const WINDOW_SAMPLES = 10;
/** Of a window that measures the baseline: what a mistake in it costs lasts. */
const BASELINE_SAMPLES = 100;

/** The part of a new estimate that is taken over (Netflix). */
const SMOOTHING = 0.2;
/** The least gradient: an outlier halves the estimate, no more (Netflix). */
const MIN_GRADIENT = 0.5;
/** Windows that the exponential average of response times reaches back to. Netflix has 600: of 1 s, not of 100 ms. */
const AVERAGED_WINDOWS = 2_000;
/** Windows after which the baseline is measured anew. The half limit costs about 1 % of the calls then. */
const WINDOWS_PER_BASELINE = 100;
/** So many windows with the least gradient: to lower the limit does not help, so the upstream itself has become slower. */
const HOPELESS_WINDOWS = 15;
/** A baseline that is so many times another is taken as it is; one that is nearer goes in by half. */
const ANOTHER_BASELINE = 1.5;
/** How fast a new limit grows, per window, until responses become slower. */
const WARM_UP_GROWTH = 1.5;
/** Noise of an average is no queue. */
const WARM_UP_GRADIENT = 0.9;

/**
 * What a window of samples is for:
 * - `settle`: at half of the limit; the queue of the upstream gets empty, nothing is measured
 * - `measure`: still at half; its average is the baseline
 * - `resume`: at the limit; responses to requests from before are not of it, nothing is measured
 * - `follow`: at the limit, which follows the gradient
 */
type Phase = 'settle' | 'measure' | 'resume' | 'follow';

/**
 * Compares the response times now with a baseline, those without a queue, and keeps the limit where the upstream's queue is short. For each window of
 * samples:
 *
 *     gradient ← max(0.5, min(1, baseline / average response time))
 *     limit    ← 0.8 × limit + 0.2 × (limit × gradient + √limit)
 *     drop:      limit ← limit × 0.9, at most once per response time
 *
 * so it comes to rest where limit = capacity + √limit: some 10 % over a capacity of 100. √limit is the queue that may be.
 *
 * Source: Gradient2Limit of Netflix's concurrency-limits (gradient, smoothing, baseline as a long-term average, cut by a tenth per window while it is
 * more than twice the response time), √limit from GradientLimit, which is also the headroom of Envoy's gradient controller; windows of WindowedLimit
 * (https://github.com/Netflix/concurrency-limits/tree/main/concurrency-limits-core/src/main/java/com/netflix/concurrency/limits/limit,
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/adaptive_concurrency_filter).
 * Gradient2Limit ignores drops; GradientLimit does not, and neither does this: an upstream that sheds load at once does not get slower.
 *
 * A long-term average alone forgets: an upstream at its capacity for an hour gets three times its capacity, as its queue has become the baseline
 * (simulated). And one whose clients start under full load never shows them its baseline. So after 100 windows in use the limit is halved for two
 * windows: that empties a queue of up to the capacity. The response time then goes by half into the baseline, or replaces it where it is another. (GradientLimit starts at the bottom every
 * 1,000 windows; Envoy allows 3 calls for a while; TCP's BBRv2 halves, too.) It is halved sooner where the least gradient of 15 windows did
 * not help: then the upstream itself has become slower.
 *
 * Warm-up: the first baseline is that of 100 requests with half of the initial limit. Then the limit grows by half per window until responses become slower,
 * or one is dropped.
 */
export class GradientLimit implements AdaptiveLimit {
  readonly #limit: BoundedLimit;
  readonly #drops = new Drops();
  readonly #window = new SampleWindow();
  #phase: Phase = 'settle';
  #baselineMs: number | undefined;
  #isWarmingUp = true;
  /** Windows in use since the last baseline. */
  #windows = 0;
  /** Windows with the least gradient, one after another. */
  #hopeless = 0;

  constructor(bounds: LimitBounds) {
    this.#limit = new BoundedLimit(bounds);
  }

  get limit(): number {
    return this.#phase === 'settle' || this.#phase === 'measure' ? this.#limit.half : this.#limit.whole;
  }

  get found(): number {
    return this.#limit.whole;
  }

  get baselineMs(): number | undefined {
    return this.#baselineMs;
  }

  record(sample: LoadSample): void {
    if (sample.isDrop) this.#drop(sample);
    else if (this.#window.add(sample, this.#samplesNeeded)) this.#close();
  }

  #drop(sample: LoadSample): void {
    if (!this.#drops.isNew(sample)) return;
    this.#limit.value *= this.#isWarmingUp ? 1 / 2 : BACKOFF_RATIO;
    this.#isWarmingUp = false;
  }

  /** One request at a time must not need ten of them. */
  get #samplesNeeded(): number {
    const { limit } = this;
    return this.#phase === 'measure'
      ? Math.min(BASELINE_SAMPLES, WINDOW_SAMPLES * limit)
      : Math.min(WINDOW_SAMPLES, limit);
  }

  #close(): void {
    const { averageMs, maxInFlight } = this.#window;
    this.#window.open();
    if (this.#phase === 'settle') this.#phase = 'measure';
    else if (this.#phase === 'measure') this.#takeBaseline(averageMs);
    else if (this.#phase === 'resume') this.#phase = 'follow';
    else this.#follow(averageMs, maxInFlight);
  }

  #takeBaseline(ms: number): void {
    const known = this.#baselineMs;
    this.#baselineMs = known === undefined || isAnother(ms, known) ? ms : (known + ms) / 2;
    this.#windows = 0;
    this.#hopeless = 0;
    this.#phase = 'resume';
  }

  #follow(averageMs: number, maxInFlight: number): void {
    const baselineMs = (this.#baselineMs = averagedBaseline(this.#baselineMs!, averageMs));
    const limit = this.#limit;
    if (!limit.isUsedBy(maxInFlight)) return;
    const gradient = Math.max(MIN_GRADIENT, Math.min(1, baselineMs / averageMs));
    this.#isWarmingUp &&= gradient > WARM_UP_GRADIENT;
    limit.value = this.#isWarmingUp ? limit.value * WARM_UP_GROWTH : next(limit.value, gradient);
    this.#hopeless = gradient === MIN_GRADIENT ? this.#hopeless + 1 : 0;
    if (++this.#windows === WINDOWS_PER_BASELINE || this.#hopeless === HOPELESS_WINDOWS) this.#phase = 'settle';
  }
}

/** Whether two baselines are further apart than averages of 100 are by chance. */
function isAnother(ms: number, knownMs: number): boolean {
  return Math.max(ms, knownMs) > ANOTHER_BASELINE * Math.min(ms, knownMs);
}

function averagedBaseline(baselineMs: number, averageMs: number): number {
  const averaged = baselineMs + ((averageMs - baselineMs) * 2) / (AVERAGED_WINDOWS + 1);
  return averaged > 2 * averageMs ? averaged * 0.9 : averaged;
}

function next(limit: number, gradient: number): number {
  return limit * (1 - SMOOTHING) + (limit * gradient + Math.sqrt(limit)) * SMOOTHING;
}

/** The samples of a window, summed up. */
class SampleWindow {
  #opensAt: number | undefined;
  #count = 0;
  #sumMs = 0;
  #leastMs = Infinity;
  #maxInFlight = 0;

  /** @returns whether the window is over */
  add(sample: LoadSample, needed: number): boolean {
    const { endedAt, inFlight } = sample;
    const responseMs = Math.max(MIN_RESPONSE_MS, sample.responseMs);
    this.#opensAt ??= endedAt;
    this.#count++;
    this.#sumMs += responseMs;
    this.#leastMs = Math.min(this.#leastMs, responseMs);
    this.#maxInFlight = Math.max(this.#maxInFlight, inFlight);
    if (this.#count < needed) return false;
    const lengthMs = Math.min(MAX_WINDOW_MS, Math.max(MIN_WINDOW_MS, 2 * this.#leastMs));
    if (endedAt < this.#opensAt + lengthMs) return false;
    this.#opensAt = endedAt; // of the next
    return true;
  }

  get averageMs(): number {
    return this.#sumMs / this.#count;
  }

  get maxInFlight(): number {
    return this.#maxInFlight;
  }

  /** Begins the next. */
  open(): void {
    this.#count = 0;
    this.#sumMs = 0;
    this.#leastMs = Infinity;
    this.#maxInFlight = 0;
  }
}
