import type { OnSecret } from './credentials-in-text.js';
import { REDACTED } from './redacted.js';
import type { RedactionRules } from './redaction-rules.js';

/** A tag of XML or HTML, and the text behind it. */
const TAG = /(<([A-Za-z][\w:.-]{0,100})(?:\s[^<>]{0,5000})?>)((?:<!\[CDATA\[[^\]]{0,10000}\]\]>)?)([^<]*)/g;
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
