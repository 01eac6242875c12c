import { REDACTED } from './redacted.js';

/** Told of each secret that is found, and of the name that it has there, if any. */
export type OnSecret = (value: string, name?: string) => void;

/** A JSON web token, signed (RFC 7519) or encrypted (RFC 7516), wherever it is. */
const WEB_TOKEN = /\beyJ[\w-]{5,}(?:\.[\w-]*){1,4}/g;
const PRIVATE_KEY = /-----BEGIN ([A-Z ]{0,40}PRIVATE KEY)-----[^-]{0,20000}(?:-----END \1-----)?/g;
/** Authorization as it is sent (RFC 9110 §11.4): its scheme, and what is no separator. */
const SCHEME =
  /\b(bearer|basic|dpop|negotiate|ntlm|token|apikey|api-key)(?:[ \t]|%20|\+){1,3}([^\s"'`,;<>()[\]{}\\]{3,})/gi;
/** The schemes whose credentials are parameters. */
const SCHEME_WITH_PARAMETERS =
  /\b(Digest|Hawk|OAuth|AWS4-HMAC-SHA256)[ \t]{1,3}(?=[\w-]{1,40}=)([^\r\n"]{0,5000}(?:"[^"\r\n]{0,2000}"[^"\r\n]{0,200})*)/g;
/** What follows a scheme in a sentence, and is none. */
const PROSE =
  /^(?:an?|and|api|as|auth(?:entication|orization|enticated)?|challenge|credentials?|denied|error|expired|failed|for|format|from|has|header|in|information|invalid|is|key|missing|not|of|or|prefix|realm|required|scheme|security|string|type|the|to|tokens?|usage|value|was|with)[.:!?]*$/i;
const WORD = /^[A-Z]?[a-z]+[.:!?]*$/;
/** As in a challenge: `Bearer realm="…"`. */
const PARAMETER = /^[a-z_]+=$/;

/** A text without credentials that their form alone tells: `Bearer …`, `Basic …`, web tokens, private keys. */
export function redactCredentials(text: string, onSecret?: OnSecret): string {
  if (text.length < MIN_LENGTH) return text;
  let result = text;
  if (result.includes('PRIVATE KEY')) result = result.replace(PRIVATE_KEY, `-----BEGIN $1-----${REDACTED}`);
  if (result.includes('eyJ')) {
    result = result.replace(WEB_TOKEN, (token) => {
      onSecret?.(token);
      return REDACTED;
    });
  }
  result = result.replace(SCHEME, (whole, scheme: string, credentials: string) => {
    if (isProse(scheme, credentials)) return whole;
    onSecret?.(credentials);
    return whole.slice(0, -credentials.length) + REDACTED;
  });
  return result.replace(SCHEME_WITH_PARAMETERS, (_, scheme: string) => `${scheme} ${REDACTED}`);
}

const MIN_LENGTH = 8;

/** `Basic auth is off`, `the token abc` are sentences; a bearer token may be a word, the others are none. */
function isProse(scheme: string, text: string): boolean {
  if (text === REDACTED || PROSE.test(text) || PARAMETER.test(text)) return true;
  return (
    !/^(?:bearer|dpop)$/i.test(scheme) &&
    (WORD.test(text) || (/^(?:token|api-?key)$/i.test(scheme) && !/\d/.test(text)))
  );
}
