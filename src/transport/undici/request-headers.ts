import { basicAuthorization } from '../../base/http-rules.js';
import type { RequestTarget } from '../../call/target.js';
import type { ExchangeRequest, RequestHeaders } from '../request.js';
import { StreamedBody } from '../streamed-body.js';

/**
 * What is to be done with a header of a request:
 * - `refused`: undici refuses it, because it says how a request is sent or what becomes of its connection; or Node judges it
 * - `coding`: undici chunks a stream whose length is not known, and nothing else; and it refuses to be told
 */
type Kind = 'plain' | 'host' | 'refused' | 'coding';

const KINDS: ReadonlyMap<string, Kind> = new Map([
  ['host', 'host'],
  ['expect', 'refused'],
  ['upgrade', 'refused'],
  ['trailer', 'refused'],
  ['keep-alive', 'refused'],
  ['transfer-encoding', 'coding'],
]);

const MAX_NAMES = 1_000;
/** Name as written → its kind. */
const kinds = new Map<string, Kind>();

function kindOf(name: string): Kind {
  const known = kinds.get(name);
  if (known) return known;
  const kind = KINDS.get(name.toLowerCase()) ?? 'plain';
  if (kinds.size === MAX_NAMES) kinds.clear();
  kinds.set(name, kind);
  return kind;
}

/**
 * The headers of the request that was asked about last, and their list: it is sent next, as a rule, and V8 takes its time to list the names of an object
 * that is a dictionary. Not the request: where HTTP/2 carries it after all, its body is not to stay in memory.
 */
let lastAsked: RequestHeaders | undefined;
let lastList: string[] | undefined;

/** Whether undici can send a request as Node does. */
export function canCarry(sent: ExchangeRequest): boolean {
  lastList = sent.method === 'CONNECT' ? undefined : headerList(sent);
  lastAsked = lastList && sent.headers;
  return lastList !== undefined;
}

/** Names and values in turn, as undici takes them, of a request that it can carry. `host` and its value come last. */
export function wireHeaders(sent: ExchangeRequest): string[] {
  const list = sent.headers === lastAsked ? lastList : headerList(sent);
  lastAsked = lastList = undefined;
  return list!;
}

/** @returns undefined: undici cannot send them */
function headerList({ headers, target, auth, body }: ExchangeRequest): string[] | undefined {
  const list: (string | string[])[] = [];
  let host: string | string[] | undefined;
  for (const name of Object.keys(headers)) {
    const value = headers[name]!;
    const kind = kindOf(name);
    if (kind === 'plain') list.push(name, value);
    else if (kind === 'host') {
      if (host === undefined) host = value;
      else list.push(name, value, name, value); // undici refuses a second one, also where it is not told of the first
    } else if (kind === 'refused' || !(body instanceof StreamedBody)) return undefined;
  }
  if (auth) list.push('Authorization', basicAuthorization(auth));
  list.push('host', host ?? hostOf(target));
  return list as string[];
}

export function hostOf({ hostname, port }: RequestTarget): string {
  const host = hostname.includes(':') ? `[${hostname}]` : hostname;
  return port ? `${host}:${port}` : host;
}
