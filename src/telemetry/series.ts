import { errorType, type HttpAttributes, requestAttributes } from './attributes.js';

/** What has its attributes in common, as all GET requests of one template. */
export class Series {
  readonly attributes: Readonly<HttpAttributes>;
  /** How many of it are under way. */
  active = 0;
  /** Status → the attributes of those that went well with it. */
  readonly #answered = new Map<number, Readonly<HttpAttributes>>();

  constructor(attributes: Readonly<HttpAttributes>) {
    this.attributes = attributes;
  }

  /** The attributes of one that has ended. */
  ended(status: number | undefined, error: unknown): Readonly<HttpAttributes> {
    const type = errorType(status, error);
    if (type !== undefined || status === undefined) return this.#with(status, type);
    let attributes = this.#answered.get(status);
    if (!attributes) this.#answered.set(status, (attributes = this.#with(status, type)));
    return attributes;
  }

  #with(status: number | undefined, type: string | undefined): HttpAttributes {
    return {
      ...this.attributes,
      ...(status !== undefined && { 'http.response.status_code': status }),
      ...(type !== undefined && { 'error.type': type }),
    };
  }
}

const MAX_SERIES = 1_000;

/** Of an origin: template → method → series. */
type OfOrigin = Map<string | undefined, Map<string, Series>>;

/** Attributes that were made once: to make them for each request took 3 us, and to make one name of three texts 2. */
export class SeriesMap {
  readonly #client: string | undefined;
  #known = new Map<string, OfOrigin>();
  #size = 0;

  /** @param client whose calls they are; undefined: it is no attribute of theirs */
  constructor(client?: string) {
    this.#client = client;
  }

  of(method: string, origin: string, urlTemplate: string | undefined): Series {
    return this.#known.get(origin)?.get(urlTemplate)?.get(method) ?? this.#add(method, origin, urlTemplate);
  }

  #add(method: string, origin: string, urlTemplate: string | undefined): Series {
    const attributes = requestAttributes(method, origin, urlTemplate);
    const series = new Series(
      this.#client === undefined ? attributes : { 'nest_outbound.client': this.#client, ...attributes },
    );
    if (this.#size++ === MAX_SERIES) {
      this.#known = new Map();
      this.#size = 1;
    }
    let ofOrigin = this.#known.get(origin);
    if (!ofOrigin) this.#known.set(origin, (ofOrigin = new Map()));
    let ofTemplate = ofOrigin.get(urlTemplate);
    if (!ofTemplate) ofOrigin.set(urlTemplate, (ofTemplate = new Map()));
    ofTemplate.set(method, series);
    return series;
  }
}
