import { inspect, types } from 'node:util';
import { canParse } from '../base/can-parse.js';
import type { RequestMatch, RequestMatcher } from './request-match.js';

/** Each property of a matcher; the compiler keeps them complete. */
const PROPERTIES: Readonly<Record<keyof RequestMatcher, true>> = {
  client: true,
  method: true,
  url: true,
  query: true,
  headers: true,
  body: true,
};

/** @throws TypeError for what would match something else than it says, or nothing at all */
export function checkMatch(match: RequestMatch): void {
  if (typeof match === 'function' || types.isRegExp(match) || match instanceof URL) return;
  if (typeof match === 'string') {
    checkUrl(match);
  } else if (typeof match === 'object' && match !== null) {
    const wrong = Object.keys(match).filter((name) => !Object.hasOwn(PROPERTIES, name));
    if (wrong.length > 0) {
      throw new TypeError(`${wrong.join(', ')}: expected none but ${Object.keys(PROPERTIES).join(', ')}`);
    }
    if (typeof match.url === 'string') checkUrl(match.url);
  } else {
    throw new TypeError(`expected a URL, a RegExp, a function or { method, url, … }, got ${inspect(match)}`);
  }
}

function checkUrl(url: string): void {
  if (url.startsWith('/') || canParse(url)) return;
  const [, method, path] = /^([A-Z]+) +(\S+)$/.exec(url) ?? [];
  const instead = method ? `; with a method: { method: '${method}', url: '${path}' }` : '';
  throw new TypeError(`url: expected an absolute URL, or a path that begins with /, got '${url}'${instead}`);
}
