/** The own entries that an object had, to see whether it still has them, in that order, and no others. */
export class Snapshot {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #names: readonly string[];
  readonly #values: readonly unknown[];

  constructor(object: object) {
    this.#object = object as Readonly<Record<string, unknown>>;
    this.#names = Object.keys(object);
    this.#values = Object.values(object);
  }

  /** Whether nothing was set, added, removed or moved since. Nested objects count by identity. */
  holds(): boolean {
    const object = this.#object;
    const names = this.#names;
    let i = 0;
    // Object.keys makes an array: 0.4 us a call, for all the objects checked.
    for (const name in object) {
      if (name !== names[i] || object[name] !== this.#values[i]) return false;
      i++;
    }
    return i === names.length;
  }
}
