import { isDistinctive } from '../../redaction/known-secrets.js';
import { REDACTED } from '../../redaction/rules.js';

/** Shorter ones would take ordinary words out. */
const MIN_LENGTH = 8;
const BITS_PER_CHARACTER = 6;

/** Secrets that have been seen, so that they are taken out also where no name tells them, as in what an upstream echoes. */
export class SecretValues {
  /** As written and as encoded. */
  readonly #forms = new Set<string>();
  #longestFirst: readonly string[] | undefined;

  /** Those that are too short are left out. */
  add(secret: string): void {
    if (secret.length < MIN_LENGTH || secret === REDACTED || this.#forms.has(secret)) return;
    for (const form of formsOf(secret)) this.#forms.add(form);
    this.#longestFirst = undefined;
  }

  /** What stands in a secret-looking place may be a word, as `required` of `password`, or a sentence. */
  addTold(value: string): void {
    if (isDistinctive(value) && !/\s/.test(value)) this.add(value);
  }

  /** A text without them. */
  withoutThem(text: string): string {
    this.#longestFirst ??= [...this.#forms].toSorted((a, b) => b.length - a.length);
    let result = text;
    for (const form of this.#longestFirst) if (result.includes(form)) result = result.replaceAll(form, REDACTED);
    return result;
  }

  /** Bytes without them. */
  withoutThemInBytes(bytes: Buffer): Buffer {
    const text = bytes.toString('latin1');
    let result = text;
    for (const form of this.#forms) {
      const written = Buffer.from(form).toString('latin1');
      if (result.includes(written)) result = result.replaceAll(written, REDACTED);
    }
    return result === text ? bytes : Buffer.from(result, 'latin1');
  }
}

function formsOf(secret: string): Set<string> {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  return new Set([
    secret,
    encodeURIComponent(secret),
    encodeURIComponent(secret).replaceAll('%20', '+'),
    JSON.stringify(secret).slice(1, -1),
    hex,
    hex.toUpperCase(),
    ...[0, 1, 2].flatMap((offset) => {
      const encoded = base64At(bytes, offset);
      return [encoded, encoded.replaceAll('+', '-').replaceAll('/', '_')];
    }),
  ]);
}

/** The characters of base64 that depend on these bytes alone, where so many others stand before them. */
function base64At(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const first = Math.ceil((offset * 8) / BITS_PER_CHARACTER);
  const end = Math.floor(((offset + bytes.length) * 8) / BITS_PER_CHARACTER);
  return text.slice(first, end);
}
