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

/** Attributes that were made once: to make them for each request took 3 us. */
export class SeriesMap {
  readonly #known = new Map<string, Series>();

  /** @param client whose calls they are; undefined: it is no attribute of theirs */
  of(method: string, origin: string, urlTemplate: string | undefined, client?: string): Series {
    const name = `${method}\n${origin}\n${urlTemplate ?? ''}\n${client ?? ''}`;
    let series = this.#known.get(name);
    if (!series) {
      const attributes = requestAttributes(method, origin, urlTemplate);
      series = new Series(client === undefined ? attributes : { 'nest_outbound.client': client, ...attributes });
      if (this.#known.size === MAX_SERIES) this.#known.clear();
      this.#known.set(name, series);
    }
    return series;
  }
}
