/** Encodings of `.`, `/` and `\` in more bytes than needed, which decoders used to take: CVE-2000-0884, CVE-2008-2938. */
const OVERLONG: readonly (readonly [RegExp, string])[] = [
  [/%c0%ae|%e0%80%ae/gi, '.'],
  [/%c0%af|%e0%80%af/gi, '/'],
  [/%c1%9c/gi, '\\'],
];

/** An upstream behind a proxy or two decodes as often. */
const MAX_DECODINGS = 5;

/**
 * Whether a path that a URL parser has resolved may still climb out of where it is, once a server has decoded it (again), taken
 * backslashes for slashes, or left out path parameters (`..;/`) and control characters.
 */
export function climbs(path: string): boolean {
  let decoded = path;
  for (let round = 0; round < MAX_DECODINGS; round++) {
    if (hasParentSegment(decoded)) return true;
    const once = decodedOnce(decoded);
    if (once === decoded) return false;
    decoded = once;
  }
  return true; // nobody encodes that often to be understood
}

function hasParentSegment(path: string): boolean {
  // NFKC turns look-alikes, as the fullwidth full stop, into what some servers take them for.
  const segments = path.normalize('NFKC').split(/[/\\]/);
  // oxlint-disable-next-line no-control-regex
  return segments.some((segment) => segment.replace(/;.*$/s, '').replace(/[\u0000-\u0020\u007f]/g, '') === '..');
}

function decodedOnce(path: string): string {
  let text = path;
  for (const [overlong, character] of OVERLONG) text = text.replace(overlong, character);
  return text.replace(/(?:%[\da-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      // What is no UTF-8 in it is left; what is ASCII is not.
      return encoded.replace(/%[0-7][\da-f]/gi, (byte) => decodeURIComponent(byte));
    }
  });
}
