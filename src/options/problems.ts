import * as v from 'valibot';
import { describeValue } from '../base/argument-checks.js';
import { UNKNOWN_OPTION } from './schema-parts.js';

/** What axios, `HttpModule.register`, agentkeepalive and axios-retry call it → the option here, or what to do instead. */
const KNOWN_ELSEWHERE: Readonly<Record<string, string>> = {
  // axios, and HttpModule.register
  timeout: 'timeouts.attemptMs',
  maxRedirects: 'redirects.max',
  maxContentLength: 'limits.maxResponseBytes',
  allowAbsoluteUrls: 'confine',
  baseUrl: 'baseURL',
  httpAgent: 'use pool and tls instead',
  httpsAgent: 'use pool and tls instead',
  adapter: 'leave it out: the client brings its own',
  lookup: 'set it with each call, or use guard where it judges addresses',
  transport: 'leave it out: the client brings its own',
  sensitiveHeaders: 'redact.headers',
  global: 'leave it out: the module is global',
  isGlobal: 'leave it out: the module is global',
  extraProviders: 'use imports, with modules that export them',
  cancelToken: 'set it with each call',
  data: 'set it with each call',
  method: 'set it with each call',
  signal: 'set it with each call',
  url: 'baseURL',
  proxy: 'axios.proxy',
  // agentkeepalive, and Node's agents
  keepAlive: 'leave it out: sockets are always kept alive',
  keepAliveMsecs: 'pool.idleMs',
  freeSocketTimeout: 'pool.idleMs',
  freeSocketKeepAliveTimeout: 'pool.idleMs',
  socketActiveTTL: 'pool.maxAgeMs',
  // got, undici, and others
  prefixUrl: 'baseURL',
  connectTimeout: 'timeouts.connectMs',
  headersTimeout: 'timeouts.responseMs',
  bodyTimeout: 'timeouts.bodyIdleMs',
  connections: 'pool.maxSockets',
  keepAliveTimeout: 'pool.idleMs',
  followRedirects: 'redirects.max',
  followRedirect: 'redirects.max',
  // axios-retry, cockatiel, opossum
  retries: 'resilience.retry.max',
  attempts: 'resilience.retry.max',
  retryDelay: 'resilience.retry.baseMs',
  retryCondition: 'resilience.retry.retryIf',
  circuitBreaker: 'resilience.breaker',
  bulkhead: 'resilience.concurrency',
  totalTimeout: 'resilience.deadlineMs',
};

/** Those of axios's settings for a request that may stand in the group `axios`. */
const AXIOS_NAMES: ReadonlySet<string> = new Set([
  'allowedSocketPaths',
  'auth',
  'beforeRedirect',
  'decompress',
  'env',
  'family',
  'fetchOptions',
  'formDataHeaderPolicy',
  'formSerializer',
  'http2Options',
  'httpVersion',
  'insecureHTTPParser',
  'maxBodyLength',
  'maxRate',
  'onDownloadProgress',
  'onUploadProgress',
  'params',
  'paramsSerializer',
  'parseReviver',
  'proxy',
  'responseEncoding',
  'responseType',
  'socketPath',
  'timeoutErrorMessage',
  'transformRequest',
  'transformResponse',
  'transitional',
  'validateStatus',
  'withCredentials',
  'withXSRFToken',
  'xsrfCookieName',
  'xsrfHeaderName',
]);

/** Typing mistakes are seldom more, and words that differ more are others. */
const MAX_TYPOS = 2;

/**
 * What somebody may have meant by an option that does not exist: one of another library's name, of another group, or mistyped.
 * @param parent the dotted path of the group that it stands in; empty at the top
 * @returns what to add to the message; undefined where nothing is near
 */
function didYouMean(parent: string, name: string, schema: v.GenericSchema): string | undefined {
  const options = pathsOf(schema);
  const known = Object.hasOwn(KNOWN_ELSEWHERE, name) ? KNOWN_ELSEWHERE[name]! : undefined;
  if (known?.includes(' ')) return known;
  const meant = known !== undefined && options.includes(known) ? known : nearOne(parent, name, options);
  return meant === undefined ? undefined : `did you mean ${meant}?`;
}

function nearOne(parent: string, name: string, options: readonly string[]): string | undefined {
  if (AXIOS_NAMES.has(name) && options.includes('axios')) return `axios.${name}`;
  const siblings = options.filter((path) => parentOf(path) === parent);
  return nearest(name, siblings, MAX_TYPOS) ?? nearest(name, options, 0);
}

/** @param schema of a group of options, or what wraps one */
function pathsOf(schema: v.GenericSchema, prefix = ''): string[] {
  const { wrapped, entries = {} } = schema as { wrapped?: v.GenericSchema; entries?: v.ObjectEntries };
  if (wrapped) return pathsOf(wrapped, prefix);
  const paths: string[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    paths.push(prefix + name);
    for (const path of pathsOf(entry, `${prefix}${name}.`)) paths.push(path);
  }
  return paths;
}

function nearest(name: string, paths: readonly string[], maxTypos: number): string | undefined {
  let best: string | undefined;
  let fewest = Math.min(maxTypos, Math.floor(name.length / 3)) + 1;
  for (const path of paths) {
    const typos = distance(name.toLowerCase(), lastOf(path).toLowerCase());
    if (typos >= fewest) continue;
    best = path;
    fewest = typos;
  }
  return best;
}

const lastOf = (path: string) => path.slice(path.lastIndexOf('.') + 1);
const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('.')));

/** Levenshtein's: characters to add, remove or change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}

/** Where a wrong value may itself be a secret, only its type is told. */
const SECRET = /^(headers|tls|axios)\b/;

/** Each problem as `path: expected …, got …`. */
export function findProblems(schema: v.GenericSchema, options: unknown): string[] {
  const { issues = [] } = v.safeParse(schema, options);
  return issues.map((issue) => {
    const path = v.getDotPath(issue) ?? 'options';
    const got = issue.received === UNKNOWN_OPTION ? unknownOption(issue, schema) : describe(issue.input, path);
    return `${path}: expected ${issue.message}, got ${got}`;
  });
}

function unknownOption({ path = [] as never }: v.BaseIssue<unknown>, schema: v.GenericSchema): string {
  const keys = path.map(({ key }) => String(key));
  const advice = didYouMean(keys.slice(0, -1).join('.'), keys.at(-1)!, schema);
  return advice === undefined ? UNKNOWN_OPTION : `${UNKNOWN_OPTION}; ${advice}`;
}

function describe(value: unknown, path: string): string {
  const isShown = typeof value === 'object' || typeof value === 'undefined' || !SECRET.test(path);
  return isShown ? describeValue(value) : `a ${typeof value}`;
}
