/** One value for each origin, made when first asked for. Bounded: the origin that was not asked for longest is forgotten. */
export class OriginMap<Value> {
  readonly #values = new Map<string, Value>();
  readonly #create: (origin: string) => Value;
  readonly #max: number;
  /** Asked for last, which is most often asked for next: the order of the map is left alone then. */
  #last: string | undefined;

  constructor(create: (origin: string) => Value, max = 1_000) {
    this.#create = create;
    this.#max = max;
  }

  get(origin: string): Value {
    let value = this.#values.get(origin);
    if (value !== undefined && origin === this.#last) return value;
    this.#last = origin;
    if (value === undefined) {
      value = this.#create(origin);
      if (this.#values.size === this.#max) this.#values.delete(this.#values.keys().next().value!);
    } else {
      this.#values.delete(origin);
    }
    this.#values.set(origin, value);
    return value;
  }

  /** Without making one. */
  peek(origin: string): Value | undefined {
    return this.#values.get(origin);
  }

  entries(): IterableIterator<[string, Value]> {
    return this.#values.entries();
  }
}
