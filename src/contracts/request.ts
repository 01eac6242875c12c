import type { AxiosRequestConfig } from 'axios';
import type { ContractIssue } from '../errors/contract.errors.js';
import { describeValue } from '../base/argument-checks.js';
import type { Endpoint, ResponseKind } from './endpoint.js';
import { type Checked, isSchema, pathOf, validate } from './standard-schema.js';

type Given = Readonly<Record<string, unknown>>;

/** What is to be sent, or why it cannot be. */
export type Prepared = { readonly config: AxiosRequestConfig } | Unfit;

interface Unfit {
  readonly issues: readonly ContractIssue[];
  /** Of a schema that has thrown. */
  readonly thrown?: unknown;
}

const PARAMETER = /\{([^{}]+)\}/g;
const PARTS = ['query', 'headers', 'body'] as const;

const parametersOf = (path: string): string[] => Array.from(path.matchAll(PARAMETER), ([, name]) => name!);

/**
 * Makes the request of an endpoint. What the schemas give is sent, so defaults and conversions of theirs count.
 * @returns a promise where one of the schemas answers with one
 */
export function requestOf(endpoint: Endpoint, args: Given): Prepared | Promise<Prepared> {
  const { path, query, headers, body } = endpoint.options;
  const parts: Parts = {
    path: validated(path, args),
    query: validated(query, args['query'] ?? {}),
    headers: validated(headers, args['headers'] ?? {}),
    body: validated(body, args['body']),
  };
  const isAsync =
    parts.path instanceof Promise ||
    parts.query instanceof Promise ||
    parts.headers instanceof Promise ||
    parts.body instanceof Promise;
  return isAsync
    ? settled(parts).then((known) => prepared(endpoint, args, known))
    : prepared(endpoint, args, parts as Known);
}

type Parts = Record<'path' | (typeof PARTS)[number], Checked | Promise<Checked> | undefined>;
/** What the schemas have said, undefined where there is none. */
type Known = Record<keyof Parts, Checked | undefined>;

function validated(schema: unknown, value: unknown): Parts[keyof Parts] {
  return isSchema(schema) ? validate(schema, value) : undefined;
}

async function settled({ path, query, headers, body }: Parts): Promise<Known> {
  const [ofPath, ofQuery, ofHeaders, ofBody] = await Promise.all([path, query, headers, body]);
  return { path: ofPath, query: ofQuery, headers: ofHeaders, body: ofBody };
}

function prepared(endpoint: Endpoint, args: Given, known: Known): Prepared {
  const issues: ContractIssue[] = [];
  let thrown: unknown;
  const valueOf = (name: string, result: Checked | undefined): unknown => {
    if (!result?.issues) return result?.value;
    if ('thrown' in result) thrown ??= result.thrown;
    for (const issue of result.issues) {
      issues.push({
        path: [name, pathOf(issue)].filter(Boolean).join('.').replace('.[', '['),
        message: issue.message,
      });
    }
    return undefined;
  };
  const parameters = (valueOf('', known.path) ?? args) as Given;
  const values = {
    query: valueOf('query', known.query),
    headers: valueOf('headers', known.headers),
    body: valueOf('body', known.body),
  };
  const url = urlOf(endpoint.path, parameters, (name) =>
    issues.push({ path: name, message: 'expected a text or a number that is no dot segment' }),
  );
  if (issues.length > 0) return { issues, thrown };
  return { config: configOf(endpoint, url, values) };
}

/** Path → what stands between its parameters, and their names: there are as many paths as endpoints. */
const templates = new Map<string, readonly string[]>();

function urlOf(path: string, parameters: Given, missing: (name: string) => void): string {
  let pieces = templates.get(path);
  if (!pieces) templates.set(path, (pieces = path.split(PARAMETER)));
  let url = pieces[0]!;
  for (let i = 1; i < pieces.length; i += 2) {
    const segment = segmentOf(parameters[pieces[i]!]);
    if (segment === undefined) missing(pieces[i]!);
    else url += segment;
    url += pieces[i + 1]!;
  }
  return url;
}

/**
 * A value as one segment of a path, and no more: `.`, `..` and nothing at all would lead to another endpoint, and a URL parser takes them
 * for what they are in whatever encoding.
 */
function segmentOf(value: unknown): string | undefined {
  if (
    typeof value !== 'string' &&
    typeof value !== 'number' &&
    typeof value !== 'bigint' &&
    typeof value !== 'boolean'
  ) {
    return undefined;
  }
  const text = String(value);
  if (text === '' || text === '.' || text === '..') return undefined;
  try {
    return encodeURIComponent(text);
  } catch {
    return undefined; // half of a surrogate pair
  }
}

const RESPONSE_TYPES: Readonly<Record<ResponseKind, AxiosRequestConfig['responseType']>> = {
  text: 'text',
  bytes: 'arraybuffer',
  stream: 'stream',
  void: 'text',
};

function configOf(
  { method, path, options }: Endpoint,
  url: string,
  values: Readonly<Record<(typeof PARTS)[number], unknown>>,
): AxiosRequestConfig {
  const { headers, response, timeouts, resilience, cache } = options;
  const sent = values.headers ?? (isSchema(headers) ? undefined : headers);
  const config: AxiosRequestConfig = { method, url, urlTemplate: path };
  if (values.query !== undefined) config.params = values.query;
  if (values.body !== undefined) config.data = values.body;
  if (sent) config.headers = sent;
  if (typeof response === 'string') config.responseType = RESPONSE_TYPES[response];
  if (timeouts) config.timeouts = timeouts;
  if (resilience) config.resilience = resilience;
  if (cache !== undefined) config.cache = cache;
  return config;
}

/** Methods that are called on every provider: by `await`, and by Nest when an app starts and stops. */
const CALLED_BY_OTHERS: ReadonlySet<string> = new Set([
  'constructor',
  'then',
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
]);

/**
 * Why a definition makes no sense; undefined where it does.
 * @param name of the endpoint
 */
export function mistakeIn(name: string, endpoint: Endpoint): string | undefined {
  if (CALLED_BY_OTHERS.has(name))
    return 'JavaScript or Nest calls a method of this name by itself: choose another name';
  if (typeof (endpoint as Partial<Endpoint> | undefined)?.path !== 'string') {
    return `expected an endpoint, such as get('/path'), got ${describeValue(endpoint)}`;
  }
  const { path, options } = endpoint;
  if (!path.startsWith('/')) return 'a path begins with /: the base URL is the client’s';
  if (/[?#]/.test(path)) return 'a path has neither query nor fragment: describe the query with a schema';
  const names = parametersOf(path);
  const taken = names.find((one) => (PARTS as readonly string[]).includes(one));
  if (taken !== undefined) return `{${taken}} has the name of a part of the request: choose another`;
  if (new Set(names).size < names.length) return 'a parameter is named twice';
  const { response, invalidResponse } = options;
  if (invalidResponse !== undefined) {
    if (invalidResponse !== 'failure') return "invalidResponse is 'failure', or left out";
    if (!isSchema(response)) return 'invalidResponse needs a schema for response';
  }
  if (typeof response === 'string' && !Object.hasOwn(RESPONSE_TYPES, response)) {
    return `response is a schema, or one of ${Object.keys(RESPONSE_TYPES).join(', ')}`;
  }
  return undefined;
}
