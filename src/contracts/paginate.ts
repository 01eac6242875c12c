import type { AxiosResponse } from 'axios';
import { canParse } from '../base/can-parse.js';
import type { ArgsOf, Endpoint, ResultOf } from './endpoint.js';
import type { ContractCallOptions, EndpointFunction } from './http-api.js';

/** How the next page is found. */
export type NextPage<One> =
  /** By the `Link` header of each page (RFC 8288, `rel="next"`). */
  | 'link'
  /** Changed arguments for the next page; undefined: there is none. */
  | ((page: ResultOf<One>, response: AxiosResponse<ResultOf<One>>) => Partial<ArgsOf<One>> | undefined)
  /** By a number in the query, until a page has no items. */
  | { readonly page: string; readonly from?: number };

/** How `paginate` reads the pages of an endpoint. */
export interface PaginateOptions<One, Item> {
  /** How the next page is found. */
  readonly next: NextPage<One>;
  /**
   * The items of a page.
   * @default the page itself, which then has to be a list
   */
  readonly items?: (page: ResultOf<One>) => Iterable<Item>;
  /**
   * How many pages may be read. One more fails: nothing is left out without a word.
   * @default 1_000
   */
  readonly maxPages?: number;
  /** For each page's call. */
  readonly call?: ContractCallOptions;
}

type ItemOf<One> = ResultOf<One> extends Iterable<infer Item> ? Item : unknown;

const MAX_PAGES = 1_000;

/**
 * The items of all pages of an endpoint, one page at a time, each read when it is asked for.
 * @throws RangeError where there are more pages than may be read; TypeError where a page is no list and `items` is absent
 */
export async function* paginate<One extends Endpoint, Item = ItemOf<One>>(
  endpoint: EndpointFunction<One>,
  args: ArgsOf<One>,
  { next, items, maxPages = MAX_PAGES, call = {} }: PaginateOptions<One, Item>,
): AsyncGenerator<Item, void, undefined> {
  const read = endpoint.raw as (given: unknown, options: object) => Promise<AxiosResponse<ResultOf<One>>>;
  let given: Record<string, unknown> = { ...args };
  let options: ContractCallOptions & { url?: string; params?: unknown } = call;
  let number = typeof next === 'object' ? (next.from ?? 1) : 0;
  if (typeof next === 'object') given = withQuery(given, next.page, number);
  for (let pages = 1; ; pages++) {
    if (pages > maxPages) {
      throw new RangeError(`${endpoint.endpoint.path}: more than ${maxPages} pages; raise maxPages if there may be`);
    }
    // oxlint-disable-next-line no-await-in-loop -- a page says where the next one is
    const response = await read(given, options);
    const page = response.data;
    const list = [...(items ? items(page) : listIn(page, endpoint.endpoint.path))] as Item[];
    yield* list;
    if (typeof next === 'object') {
      if (list.length === 0) return;
      given = withQuery(given, next.page, ++number);
    } else if (next === 'link') {
      const url = nextLink(response);
      if (url === undefined) return;
      options = { ...call, url, params: undefined };
    } else {
      const changed = next(page, response);
      if (changed === undefined) return;
      given = { ...given, ...changed, ...mergedQuery(given, changed) };
    }
  }
}

function listIn(page: unknown, path: string): Iterable<unknown> {
  if (Array.isArray(page)) return page as unknown[];
  throw new TypeError(`${path}: a page is no list; say with \`items\` where its items are`);
}

const withQuery = (given: Record<string, unknown>, name: string, value: unknown) => ({
  ...given,
  query: { ...(given['query'] as object | undefined), [name]: value },
});

function mergedQuery(given: Record<string, unknown>, changed: object): object {
  const { query } = changed as { query?: object };
  return query ? { query: { ...(given['query'] as object | undefined), ...query } } : {};
}

const LINK = /<([^<>]*)>((?:\s*;\s*[\w*-]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]*))?)*)/g;
const REL_NEXT = /;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next(?=\s*(?:;|$)))/i;

/** @returns an absolute URL */
function nextLink({ headers, config, request }: AxiosResponse): string | undefined {
  const header = headers['link'] as string | string[] | undefined;
  if (header === undefined) return undefined;
  for (const [, target, parameters] of [header].flat().join(', ').matchAll(LINK)) {
    if (REL_NEXT.test(parameters!)) return new URL(target!, addressOf(config, request)).href;
  }
  return undefined;
}

/** Relative links are relative to the page, wherever redirects have led. */
function addressOf({ baseURL, url = '' }: AxiosResponse['config'], request: unknown): string | undefined {
  const { responseUrl } = (request as { res?: { responseUrl?: string } } | undefined)?.res ?? {};
  if (responseUrl !== undefined) return responseUrl;
  return baseURL === undefined || canParse(url) ? url : `${baseURL.replace(/\/$/, '')}/${url.replace(/^\//, '')}`;
}
