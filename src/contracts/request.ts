import type { AxiosRequestConfig } from 'axios';
import type { ContractIssue } from '../errors/contract.errors.js';
import type { Endpoint, ResponseKind } from './endpoint.js';
import { isSchema, pathOf, type Validated } from './standard-schema.js';

type Given = Readonly<Record<string, unknown>>;

/** What is to be sent, or why it cannot be. */
export type Prepared = { readonly config: AxiosRequestConfig } | { readonly issues: readonly ContractIssue[] };

const PARAMETER = /\{([^{}]+)\}/g;
const PARTS = ['query', 'headers', 'body'] as const;

const parametersOf = (path: string): string[] => Array.from(path.matchAll(PARAMETER), ([, name]) => name!);

/**
 * Makes the request of an endpoint. What the schemas give is sent, so defaults and conversions of theirs count.
 * @returns a promise where one of the schemas answers with one
 */
export function requestOf(endpoint: Endpoint, args: Given): Prepared | Promise<Prepared> {
  const { path, query, headers, body } = endpoint.options;
  const parts: [name: string, result: Validated<unknown> | Promise<Validated<unknown>>][] = [];
  if (path) parts.push(['', path['~standard'].validate(args)]);
  const check = (name: string, schema: unknown, value: unknown) => {
    if (isSchema(schema)) parts.push([name, schema['~standard'].validate(value)]);
  };
  check('query', query, args['query'] ?? {});
  check('headers', headers, args['headers'] ?? {});
  check('body', body, args['body']);
  const isAsync = parts.some(([, result]) => result instanceof Promise);
  if (!isAsync) return prepared(endpoint, args, parts as [string, Validated<unknown>][]);
  return Promise.all(parts.map(async ([name, result]) => [name, await result] as [string, Validated<unknown>])).then(
    (settled) => prepared(endpoint, args, settled),
  );
}

function prepared(endpoint: Endpoint, args: Given, parts: readonly [string, Validated<unknown>][]): Prepared {
  const issues: ContractIssue[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, result] of parts) {
    if (result.issues) {
      for (const issue of result.issues) {
        issues.push({
          path: [name, pathOf(issue)].filter(Boolean).join('.').replace('.[', '['),
          message: issue.message,
        });
      }
    } else values[name] = result.value;
  }
  const parameters = (values[''] ?? args) as Given;
  const url = endpoint.path.replace(PARAMETER, (_, name: string) => {
    const segment = segmentOf(parameters[name]);
    if (segment === undefined)
      issues.push({ path: name, message: 'expected a text or a number that is no dot segment' });
    return segment ?? '';
  });
  if (issues.length > 0) return { issues };
  return { config: configOf(endpoint, url, values) };
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

function configOf({ method, path, options }: Endpoint, url: string, values: Given): AxiosRequestConfig {
  const { headers, response, timeouts, resilience, cache } = options;
  const sent = (values['headers'] ?? (isSchema(headers) ? undefined : headers)) as Record<string, string> | undefined;
  return {
    method,
    url,
    urlTemplate: path,
    ...(values['query'] !== undefined && { params: values['query'] }),
    ...(values['body'] !== undefined && { data: values['body'] }),
    ...(sent && { headers: sent }),
    ...(typeof response === 'string' && { responseType: RESPONSE_TYPES[response] }),
    ...(timeouts && { timeouts }),
    ...(resilience && { resilience }),
    ...(cache !== undefined && { cache }),
  };
}

/** Why a definition makes no sense; undefined where it does. */
export function mistakeIn({ path, options }: Endpoint): string | undefined {
  if (!path.startsWith('/')) return 'a path begins with /: the base URL is the client’s';
  if (/[?#]/.test(path)) return 'a path has neither query nor fragment: describe the query with a schema';
  const names = parametersOf(path);
  const taken = names.find((name) => (PARTS as readonly string[]).includes(name));
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
