/** Directive, in lower case → what it was given with, once for each time: undefined without a value, '' for one that is none. */
export type Directives = ReadonlyMap<string, readonly (string | undefined)[]>;

/** RFC 9111 §5.2: `token [ "=" ( token / quoted-string ) ]`, and what somebody has written behind it. */
const DIRECTIVE = /[\s,]*([^\s,="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?((?:[^,"]|"(?:[^"\\]|\\.)*"?)*)/y;

const NONE: Directives = new Map();

/** The directives of a `Cache-Control` field, of a request or a response. A directive within a quoted string is none. */
export function directivesOf(field: unknown): Directives {
  const text = Array.isArray(field) ? field.join(', ') : field;
  if (typeof text !== 'string' || text === '') return NONE;
  const found = new Map<string, (string | undefined)[]>();
  DIRECTIVE.lastIndex = 0;
  for (let match = DIRECTIVE.exec(text); match; match = DIRECTIVE.exec(text)) {
    const [whole, name, quoted, token, rest] = match;
    const value = quoted === undefined ? token : quoted.replace(/\\(.)/g, '$1');
    // What has more behind it, as `max-age =60`, is given with no value that counts.
    const given = rest!.trim() === '' ? value : '';
    const key = name!.toLowerCase();
    const known = found.get(key);
    if (known) known.push(given);
    else found.set(key, [given]);
    if (whole === '' || DIRECTIVE.lastIndex >= text.length) break;
  }
  return found;
}

/** RFC 9111 §1.2.2: what is larger counts as this. */
const MAX_SECONDS = 2 ** 31;

/**
 * The seconds of a directive.
 * @returns undefined where it is not there; 0 for a value that is none: what cannot be read makes a response stale (RFC 9111 §4.2.1). Of several
 * the least.
 */
export function secondsOf(directives: Directives, name: string): number | undefined {
  const values = directives.get(name);
  return values && Math.min(...values.map((value) => (isDigits(value) ? Math.min(Number(value), MAX_SECONDS) : 0)));
}

const isDigits = (value: string | undefined): value is string => value !== undefined && /^\d+$/.test(value);

/** Whether a directive is there without names of fields, which would limit it to these. */
export function isUnqualified(directives: Directives, name: string): boolean {
  return directives.get(name)?.some((value) => value === undefined || value.trim() === '') ?? false;
}

/** The names of fields that a directive is limited to, as `no-cache="set-cookie"`, in lower case. */
export function fieldsOf(directives: Directives, name: string): readonly string[] {
  return (directives.get(name) ?? []).flatMap((value) => listOf(value));
}

/** A list of names, in lower case. */
export function listOf(value: unknown): readonly string[] {
  const text = Array.isArray(value) ? value.join(',') : value;
  if (typeof text !== 'string') return [];
  return text
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}

/** The members of a list, at commas that are not within quotes, without the white space around them. */
export function membersOf(text: string): string[] {
  const members: string[] = [];
  let begin = 0;
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') isQuoted = !isQuoted;
    else if (text[i] === ',' && !isQuoted) {
      members.push(text.slice(begin, i).trim());
      begin = i + 1;
    }
  }
  members.push(text.slice(begin).trim());
  return members;
}

/** One member of a dictionary (RFC 8941 §3.2): a key, and an item or nothing, with parameters that do not matter here. */
const MEMBER =
  /^([a-z*][a-z\d_.*-]*)(?:=(?:(\d{1,15}(?!\.))|(\?[01])|"((?:[^"\\]|\\["\\])*)"|([A-Za-z*][\w:/!#$%&'*+.^`|~-]*)))?(?:;.*)?$/;

/**
 * The directives of a targeted field (RFC 9213 §2.1), which is a dictionary of structured fields.
 * @returns undefined for one that is not there, is empty or cannot be parsed: it is ignored then
 */
export function targetedDirectives(field: unknown): Directives | undefined {
  const text = Array.isArray(field) ? field.join(', ') : field;
  if (typeof text !== 'string' || text.trim() === '') return undefined;
  const found = new Map<string, (string | undefined)[]>();
  for (const member of membersOf(text)) {
    const [whole, key, integer, boolean, string, token] = MEMBER.exec(member) ?? [];
    if (whole === undefined) return undefined;
    if (boolean === '?0') found.delete(key!);
    else found.set(key!, [integer ?? string ?? token]); // of several members with one key the last counts (RFC 8941 §3.2)
  }
  return found;
}
