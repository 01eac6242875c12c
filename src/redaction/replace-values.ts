import { REDACTED } from './redacted.js';

/** Where the value is that a name tells to be a secret. */
export interface ValuePlace {
  readonly from: number;
  readonly to: number;
}

/**
 * A text with some values replaced.
 * @param opening what stands before a value, with the flag `g`
 * @param find where the value of an opening is, which ends at `from`; undefined where it is no secret: then the search goes on right behind the opening
 */
export function replaceValues(
  text: string,
  opening: RegExp,
  find: (match: RegExpExecArray, from: number) => ValuePlace | undefined,
): string {
  let result = '';
  let last = 0;
  opening.lastIndex = 0; // shared: to compile it anew takes longer than to read a text with it
  for (let match = opening.exec(text); match; match = opening.exec(text)) {
    const place = find(match, opening.lastIndex);
    if (!place || place.to <= place.from) continue;
    result += text.slice(last, place.from) + REDACTED;
    opening.lastIndex = last = place.to;
  }
  return last === 0 ? text : result + text.slice(last);
}

/**
 * Where a quoted text ends: at its quote, behind as many backslashes as it began behind, or where the text ends.
 * @param level the backslashes
 */
export function quotedEnd(text: string, from: number, level: number, quote: string): number {
  let backslashes = 0;
  for (let index = from; index < text.length; index++) {
    const character = text[index];
    if (character === '\\') {
      backslashes++;
      continue;
    }
    if (character === quote && backslashes <= level) return index - backslashes;
    backslashes = 0;
  }
  return text.length;
}
