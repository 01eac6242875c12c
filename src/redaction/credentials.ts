import { REDACTED, type RedactionRules } from './rules.js';

/** Told of each secret that is found, and of the name that it has there, if any. */
export type OnSecret = (value: string, name?: string) => void;

/** A JSON web token, signed (RFC 7519) or encrypted (RFC 7516), wherever it is. */
const WEB_TOKEN = /(?<![\w-])eyJ[\w-]{5,}(?:\.[\w-]*){1,4}/g;
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
  if (BEHIND_SCHEME.test(result)) {
    result = result.replace(SCHEME, (whole, scheme: string, credentials: string) => {
      if (isProse(scheme, credentials)) return whole;
      onSecret?.(credentials);
      return whole.slice(0, -credentials.length) + REDACTED;
    });
  }
  if (!result.includes('=')) return result;
  return result.replace(SCHEME_WITH_PARAMETERS, (_, scheme: string) => `${scheme} ${REDACTED}`);
}

/** Between a scheme and its credentials. To look for this alone takes a fifth of the time. */
const BEHIND_SCHEME = /[ \t+]|%20/;

const MIN_LENGTH = 8;

/** `Basic auth is off`, `the token abc` are sentences; a bearer token may be a word, the others are none. */
function isProse(scheme: string, text: string): boolean {
  if (text === REDACTED || PROSE.test(text) || PARAMETER.test(text)) return true;
  return (
    !/^(?:bearer|dpop)$/i.test(scheme) &&
    (WORD.test(text) || (/^(?:token|api-?key)$/i.test(scheme) && !/\d/.test(text)))
  );
}

/** A tag of XML or HTML, and the text behind it. */
const TAG = /(<([A-Za-z][\w:.-]{0,100})(?:\s[^<>]{0,5000})?>)((?:<!\[CDATA\[(?:(?!<!\[)[^\]]){0,10000}\]\]>)?)([^<]*)/g;
const ATTRIBUTE = /([\w:.-]{1,100})(\s{0,10}=\s{0,10})("[^"]*"|'[^']*'|[^\s"'=<>`]+)/g;
/** What says which value a tag has. */
const NAMING = /^(?:name|id|key|property|itemprop|field|param)$/i;
const VALUE = /^(?:value|content|data-value|default)$/i;
/** `<key>password</key><string>…</string>` */
const NAMED_BEFORE =
  /(<(?:[\w-]{1,20}:)?(?:name|key|field|param)>([^<]{1,100})<\/[^<>]{1,100}>\s{0,100}<[^<>/]{1,200}>)([^<]+)/gi;

/** A text without the values of XML elements and attributes, and of fields of HTML forms, whose names tell that they are secrets. */
export function redactMarkup(text: string, rules: RedactionRules, onSecret?: OnSecret): string {
  const replaced = (value: string, name: string): string => {
    if (value.trim() === '' || value === REDACTED) return value;
    onSecret?.(value.trim(), name);
    return REDACTED;
  };
  const { isSecretKey } = rules;
  return text
    .replace(NAMED_BEFORE, (whole, before: string, name: string, value: string) =>
      isSecretKey(name) ? before + replaced(value, name) : whole,
    )
    .replace(TAG, (_, tag: string, element: string, cdata: string, content: string) => {
      const field = nameIn(tag);
      // Fields of forms are sent as parameters.
      const isSecretField = field !== undefined && (rules.isSecretParam(field) || isSecretKey(field));
      const shown = tag.includes('=') ? redactAttributes(tag, isSecretField ? field : undefined, rules, replaced) : tag;
      if (!isSecretKey(element) && !(isSecretField && HOLDING.test(element))) return shown + cdata + content;
      const name = field ?? element;
      const inner = cdata && replaced(cdata.slice('<![CDATA['.length, -']]>'.length), name);
      return shown + inner + replaced(content, name);
    });
}

/** Elements whose text is their value; others have a name or an id as well, as a `<div id="token">` of a page. */
const HOLDING = /^(?:textarea|output|param|property|entry|item|add|field|[\w-]+:[\w-]+|value|setting|string)$/i;

function nameIn(tag: string): string | undefined {
  for (const [, name, , value] of tag.matchAll(ATTRIBUTE)) if (NAMING.test(name!)) return bare(value!);
  return undefined;
}

function redactAttributes(
  tag: string,
  secretField: string | undefined,
  { isSecretKey }: RedactionRules,
  replaced: (value: string, name: string) => string,
): string {
  return tag.replace(ATTRIBUTE, (whole, name: string, equals: string, value: string) => {
    const isNaming = NAMING.test(name);
    const isSecret = !isNaming && (isSecretKey(name) || (secretField !== undefined && VALUE.test(name)));
    if (!isSecret) return whole;
    const quote = /^["']/.exec(value)?.[0] ?? '';
    return name + equals + quote + replaced(bare(value), secretField ?? name) + quote;
  });
}

const bare = (value: string): string => value.replace(/^["']|["']$/g, '');
