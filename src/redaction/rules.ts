/** What stands where a secret was. */
export const REDACTED = '[redacted]';

/** Names of secrets, besides the well-known ones. */
export interface RedactOptions {
  /**
   * Names of request and response headers, in any case.
   * @default only the well-known ones
   */
  headers?: readonly string[];
  /**
   * Names of query parameters, in any case.
   * @default only the well-known ones
   */
  query?: readonly string[];
}

/** Which values must not be shown. */
export interface RedactionRules {
  /** By the name of a header, in whatever case. */
  readonly isSecretHeader: (name: string) => boolean;
  /** By the name of a query parameter as it is before it is encoded. */
  readonly isSecretParam: (name: string) => boolean;
  /** By the name of a property, of a field of JSON or a form, or of an XML element. */
  readonly isSecretKey: (name: string) => boolean;
}

/** A name that contains one of these, in whatever spelling, is for a secret. */
const TELLING_PARTS =
  /token|secret|passw|passphrase|signature|credential|apikey|accesskey|authkey|privatekey|subscriptionkey|sess(?:ion)?id/;

/** A name that has one of these for a word is, too. */
const TELLING_WORDS: ReadonlySet<string> = new Set([
  'apikey',
  'assertion',
  'auth',
  'authentication',
  'authorization',
  'cookie',
  'cookie2',
  'cookies',
  'csrf',
  'dpop',
  'hmac',
  'jwt',
  'key',
  'keys',
  'otp',
  'pass',
  'pwd',
  'session',
  'sid',
  'sig',
  'sign',
  'xsrf',
]);

/** Parameters that are telling only by themselves: a `country_code` is no secret, while an authorization `code` is (RFC 6749 §4.1.2). */
const TELLING_PARAMS: ReadonlySet<string> = new Set([
  'code',
  'devicecode',
  'nonce',
  'samlresponse',
  'ticket',
  'usercode',
]);

/** Headers that only look like it, and help to find out what happened. */
const HARMLESS_HEADERS: ReadonlySet<string> = new Set([
  'idempotency-key',
  'sec-websocket-key',
  'surrogate-key',
  'x-idempotency-key',
]);

/**
 * Properties that only look like it. `code` is as often as not the code of an error, so properties have not all the names of
 * parameters, either.
 */
const HARMLESS_KEYS: ReadonlySet<string> = new Set([
  'cachekey',
  'foreignkey',
  'idempotencykey',
  'keyid',
  'partitionkey',
  'primarykey',
  'publickey',
  'signaturealgorithm',
  'sortkey',
  'surrogatekey',
  'tokenendpoint',
  'tokentype',
]);

const compact = (name: string): string => name.toLowerCase().replace(/[^a-z\d]+/g, '');

/** `AWSAccessKeyId` and `auth[api-key]` as words in lower case. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/);
}

function isTelling(name: string): boolean {
  return TELLING_PARTS.test(compact(name)) || wordsOf(name).some((word) => TELLING_WORDS.has(word));
}

const MAX_REMEMBERED = 1_000;
/** Longer names are not remembered: an upstream may make them up, and they would only fill the memory. */
const MAX_REMEMBERED_LENGTH = 64;

/** Judging a name takes 2 us, and apps use the same few names again and again. */
function remembered(isSecret: (name: string) => boolean): (name: string) => boolean {
  // No Map: a name that was found in a text would keep all of that text, while the name of a property is a copy.
  let known: Record<string, boolean> = Object.create(null);
  let size = 0;
  return (name) => {
    if (name.length > MAX_REMEMBERED_LENGTH) return isSecret(name);
    const answer = known[name];
    if (answer !== undefined) return answer;
    if (size++ === MAX_REMEMBERED) {
      known = Object.create(null);
      size = 1;
    }
    return (known[name] = isSecret(name));
  };
}

/** The rules that everybody's names make, and these. */
export function redactionRules({ headers = [], query = [] }: RedactOptions = {}): RedactionRules {
  const ownHeaders = new Set(headers.map((name) => name.toLowerCase()));
  const ownParams = new Set(query.map((name) => name.toLowerCase()));
  return {
    isSecretHeader: remembered((name) => {
      const lowerCase = name.trim().toLowerCase();
      return ownHeaders.has(lowerCase) || (!HARMLESS_HEADERS.has(lowerCase) && isTelling(lowerCase));
    }),
    isSecretKey: remembered((name) => {
      const lowerCase = name.trim().toLowerCase();
      if (ownHeaders.has(lowerCase) || ownParams.has(lowerCase)) return true;
      return !HARMLESS_KEYS.has(compact(name)) && isTelling(name);
    }),
    isSecretParam: remembered(
      (name) => ownParams.has(name.toLowerCase()) || TELLING_PARAMS.has(compact(name)) || isTelling(name),
    ),
  };
}

export const DEFAULT_RULES: RedactionRules = redactionRules();

/** Whether a header is one of those that carry secrets, as Authorization, Cookie, X-Api-Key, X-…-Token, X-…-Signature. */
export const isSecretHeader = DEFAULT_RULES.isSecretHeader;

/** Whether a query parameter is one of those that carry secrets, as token, key, code, sig, X-Amz-Signature. */
export const isSecretParam = DEFAULT_RULES.isSecretParam;
