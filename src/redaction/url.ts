import type { InternalAxiosRequestConfig } from 'axios';
import { canParse } from '../base/can-parse.js';
import { redactCredentials } from './credentials.js';
import { DEFAULT_RULES, REDACTED, type RedactionRules } from './rules.js';

/** URL parsers drop these wherever they are: https://url.spec.whatwg.org/#concept-basic-url-parser */
const IGNORED = /[\t\n\r]+/g;
/** A URL parser's idea of an authority, so as to miss none: after any number of slashes of either kind. */
const USERINFO = /^(\s*(?:[a-z][a-z\d+.-]*:[/\\]*|[/\\]{2,}))[^/\\?#]*@/i;
/** What is no URL may have its `@` behind a `/`, a `?` or a `#` of the password. */
const USERINFO_OF_WHAT_IS_NO_URL = /^(\s*(?:[a-z][a-z\d+.-]*:[/\\]*|[/\\]{2,})).*@/is;
/** Of a URL in the path or the query. */
const USERINFO_WITHIN = /(:[/\\]{2,})[^/\\?#&;\s]*@/g;
/** `?name=value`, `&name=value`, `;name=value` as in a path, `#name=value` as OAuth's implicit grant has it. */
const PAIR = /([?&;#])([^=?&;#]+)=([^?&;#]+)/g;
/** A URL in a parameter of a URL in a parameter is encoded twice, and so on. */
const MAX_ENCODED = 4;
/** What credentials that their form tells begin with. */
const CREDENTIALS = /eyJ|(?:bearer|basic|dpop|token|negotiate)(?:%20|\+|[ \t])/i;

/**
 * A URL, absolute, relative or wrong, without its user and password and with the values of secret parameters replaced, also of
 * those that have other secrets in them. Everything else stays as it is written, but for line breaks and tabs.
 */
export function redactUrl(url: string, rules: RedactionRules = DEFAULT_RULES): string {
  const result = withoutUserinfo(url).replace(PAIR, (pair, separator: string, name: string, value: string) =>
    rules.isSecretParam(decoded(name)) || hidesSecret(value, rules) ? `${separator}${name}=${REDACTED}` : pair,
  );
  return CREDENTIALS.test(result) ? redactCredentials(result) : result;
}

/**
 * The address by itself: a URL without user, password, query and fragment.
 * @param rules for parameters in its path
 */
export function redactToAddress(url: string, rules: RedactionRules = DEFAULT_RULES): string {
  return redactUrl(withoutUserinfo(url).replace(/[?#].*$/s, ''), rules);
}

function withoutUserinfo(url: string): string {
  const address = url.replace(IGNORED, '');
  if (!address.includes('@')) return address;
  const own = canParse(address, 'http://relative') ? USERINFO : USERINFO_OF_WHAT_IS_NO_URL;
  return address.replace(own, '$1').replace(USERINFO_WITHIN, '$1');
}

/** Whether a value has parameters, a URL or credentials in it, however often encoded, that are secret. */
export function hidesSecret(value: string, rules: RedactionRules): boolean {
  let text = value;
  for (let times = 0; times < MAX_ENCODED; times++) {
    if (USERINFO.test(text) || (CREDENTIALS.test(text) && redactCredentials(text) !== text)) return true;
    for (const [, , name] of `?${text}`.matchAll(PAIR)) if (rules.isSecretParam(decoded(name!))) return true;
    const inner = decoded(text);
    if (inner === text) return false;
    text = inner;
  }
  return true;
}

/** As in a query; as it is where it is not encoded as it should be. */
export function decoded(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

const PLAIN_SCHEME = /^https?:/;
/** Nothing of it is taken for a secret, but a web token in the path. */
const PLAIN_ADDRESS = /^(https?:\/\/[a-z\d.-]+(?::\d+)?)(?:\/[\w\-.~/]*)?$/;
const WEB_TOKEN = 'eyJ';

/** As written, of those that a URL parser takes. */
const knownOrigins = new Set<string>();
const MAX_KNOWN_ORIGINS = 1_000;

/** Most are: to look through one for secrets, and to parse it, takes 6 us. */
function isPlainAddress(address: string): boolean {
  const origin = PLAIN_ADDRESS.exec(address)?.[1];
  if (origin === undefined || address.includes(WEB_TOKEN)) return false;
  if (knownOrigins.has(origin)) return true;
  if (!canParse(origin)) return false;
  if (knownOrigins.size === MAX_KNOWN_ORIGINS) knownOrigins.clear();
  knownOrigins.add(origin);
  return true;
}

type Addressed = Pick<InternalAxiosRequestConfig, 'socketPath' | 'baseURL' | 'url' | 'allowAbsoluteUrls'>;

/** Where a call goes, without user, password, query and fragment; of what is neither http nor https only the scheme. */
export function addressOf(
  { socketPath, baseURL, url, allowAbsoluteUrls }: Addressed,
  rules: RedactionRules = DEFAULT_RULES,
): string {
  const whole = joinedUrl(baseURL, textOf(url), allowAbsoluteUrls);
  if (!socketPath && isPlainAddress(whole)) return whole;
  const address = redactToAddress(whole, rules);
  if (socketPath) return address;
  if (!canParse(address)) return 'invalid URL';
  if (PLAIN_SCHEME.test(address)) return address; // to parse it takes 2 us
  const { protocol } = new URL(address);
  return protocol === 'http:' || protocol === 'https:' ? address : protocol;
}

/** Callers in JavaScript pass URL objects, too. */
const textOf = (url: unknown): string => (url instanceof URL ? url.href : typeof url === 'string' ? url : '');

/** As axios joins them: https://github.com/axios/axios/blob/v1.x/lib/core/buildFullPath.js */
export function joinedUrl(baseURL: string | undefined, url: string, allowAbsoluteUrls: boolean | undefined): string {
  if (!baseURL) return url;
  if (url.startsWith('/') && url[1] !== '/' && !baseURL.endsWith('/')) return baseURL + url; // as a rule
  if (allowAbsoluteUrls !== false && /^(?:[a-z][a-z\d+\-.]*:)?\/\//i.test(url)) return url;
  return url ? `${baseURL.replace(/\/+$/, '')}/${url.replace(/^\/+/, '')}` : baseURL;
}
