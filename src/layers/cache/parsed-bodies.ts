import { ParsedJson } from '../../base/parsed-json.js';
import type { StoredResponse } from './stored.js';

/** Of all texts together, in UTF-16 units. What they are parsed to takes up to ten times as much memory, so it is about 10 MB. */
const MAX_LENGTH = 1_000_000;

/** The texts of stored bodies that callers read as JSON, for those of them that are asked for again and again. */
export class ParsedBodies {
  readonly #known = new Map<StoredResponse, ParsedJson>();
  #length = 0;

  /**
   * @param decode makes its text, where that is not known
   * @returns undefined for one that is too large to be kept: it would displace all others
   */
  of(stored: StoredResponse, decode: () => string): ParsedJson | undefined {
    const known = this.#known.get(stored);
    if (known) return known;
    if (stored.body.length > MAX_LENGTH / 10) return undefined;
    const json = new ParsedJson(decode());
    const { length } = json.text;
    if (this.#length + length > MAX_LENGTH) this.clear();
    this.#known.set(stored, json);
    this.#length += length;
    return json;
  }

  clear(): void {
    this.#known.clear();
    this.#length = 0;
  }
}
