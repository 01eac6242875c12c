import type { InternalAxiosRequestConfig } from 'axios';
import { targetOf, targetWithoutParams } from '../call/target.js';

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
function climbs(path: string): boolean {
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

interface ConfineSettings {
  /** http or https. */
  readonly baseURL: string;
  /** `origin`: its scheme, host and port; `path`: its path, too. */
  readonly within: 'origin' | 'path';
}

/** Whether a call stays within. */
export type Confinement = (config: InternalAxiosRequestConfig) => boolean;

/** As axios tells them: https://github.com/axios/axios/blob/v1.x/lib/helpers/isAbsoluteURL.js */
const ABSOLUTE = /^(?:[a-z][a-z\d+\-.]*:)?\/\//i;

/**
 * Whether a call stays within a base URL, whatever its `url`, `baseURL` and `allowAbsoluteUrls` are. A URL that is none counts as
 * within: axios refuses it.
 */
export function confinement({ baseURL, within }: ConfineSettings): Confinement {
  const base = targetOf(new URL(baseURL))!;
  const root = pathOf(base.path).replace(/\/+$/, '');
  const isOriginEnough = within === 'origin' || root === '';

  return (config) => {
    const { url } = config;
    const isRelative = typeof url === 'string' && (config.allowAbsoluteUrls === false || !ABSOLUTE.test(url));
    // axios puts a slash between the two, so that a relative one cannot change the host.
    if (isOriginEnough && isRelative && config.baseURL === baseURL) return true;
    let target;
    try {
      target = targetWithoutParams(config);
    } catch {
      return isRelative; // `//host` is none to axios, but others would go there
    }
    if (target?.hostname !== base.hostname || target.port !== base.port || target.secure !== base.secure) return false;
    if (isOriginEnough) return true;
    const path = pathOf(target.path);
    return (path === root || path.startsWith(`${root}/`)) && !climbs(path.slice(root.length));
  };
}

const pathOf = (target: string) => target.split('?', 1)[0]!;
