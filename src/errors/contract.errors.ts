import type { Call } from '../call/call.js';
import { hide, HttpClientError, nameOfThrown } from './http-client.error.js';

/** What contract errors say of a call, which is made or over by then. */
export type ContractCall = Pick<Call, 'clientName' | 'origin' | 'method' | 'attempt' | 'config'>;

/** One thing that does not fit. */
export interface ContractIssue {
  /** As `query.page` or `items[3].name`. */
  readonly path: string;
  /** The schema's own words: they may hold values, so nothing prints them. */
  readonly message: string;
}

const MAX_PATHS = 10;

/** The names in a path may be the upstream's, as the keys of a record: those that no field would have are data, and may be of any length. */
const FIELD = /^[@$]?[\w$-]{1,64}(?:\[\d+\])*$/;
const MAX_DEPTH = 10;

function shown(path: string): string {
  const names = path.split('.').map((name) => (FIELD.test(name) || /^(?:\[\d+\])+$/.test(name) ? name : '*'));
  return names.length > MAX_DEPTH ? [...names.slice(0, MAX_DEPTH), '…'].join('.') : names.join('.');
}

function listed(issues: readonly ContractIssue[]): string {
  const paths = [...new Set(issues.map(({ path }) => (path === '' ? 'the whole of it' : shown(path))))];
  const more = paths.length - MAX_PATHS;
  return paths.slice(0, MAX_PATHS).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

abstract class ContractError extends HttpClientError {
  /** The endpoint's path, with its parameters in braces. */
  readonly endpoint: string;
  /** What does not fit. Not printed, as schemas may put values into their words. */
  declare readonly issues: readonly ContractIssue[];
  /** What a schema, or `select`, has thrown instead of returning issues. Not printed either, so it is no `cause`. */
  declare readonly thrown?: unknown;

  protected constructor(
    code: string,
    what: string,
    endpoint: string,
    issues: readonly ContractIssue[],
    call: ContractCall,
    isUnderWay: boolean,
    thrown: unknown,
  ) {
    const why = thrown === undefined ? '' : ` (its check has thrown ${nameOfThrown(thrown)})`;
    super(code, `${what}: ${listed(issues)}${why}`, call as Call, isUnderWay, `${call.method} ${endpoint}: `);
    this.endpoint = endpoint;
    hide(this, 'issues', issues);
    if (thrown !== undefined) hide(this, 'thrown', thrown);
  }
}

/** What a caller gave does not fit the endpoint. Nothing was sent. */
export class RequestInvalidError extends ContractError {
  declare readonly code: 'ERR_REQUEST_INVALID';

  /** @param thrown what a schema has thrown */
  constructor(endpoint: string, issues: readonly ContractIssue[], call: ContractCall, thrown?: unknown) {
    super('ERR_REQUEST_INVALID', 'the request does not fit its contract', endpoint, issues, call, false, thrown);
  }
}

/** The upstream answered what does not fit the endpoint. The names of what does not are in the message, values are not. */
export class ResponseInvalidError extends ContractError {
  declare readonly code: 'ERR_RESPONSE_INVALID';
  /** The status of the response. */
  readonly status: number;

  /** @param thrown what a schema, or `select`, has thrown */
  constructor(
    endpoint: string,
    issues: readonly ContractIssue[],
    call: ContractCall,
    status: number,
    thrown?: unknown,
  ) {
    const what = `the response (${status}) does not fit its contract`;
    super('ERR_RESPONSE_INVALID', what, endpoint, issues, call, true, thrown);
    this.status = status;
  }
}

/** The upstream refused the call with a status, and a body, that the endpoint declares. */
export class ApiError<Body = unknown> extends HttpClientError {
  declare readonly code: 'ERR_API';
  /** The endpoint's path, with its parameters in braces. */
  readonly endpoint: string;
  /** The status of the response. */
  readonly status: number;
  /** As its schema gives it. Not printed. */
  declare readonly body: Body;

  constructor(endpoint: string, status: number, body: Body, call: ContractCall) {
    super('ERR_API', `refused with ${status}`, call as Call, true, `${call.method} ${endpoint}: `);
    this.endpoint = endpoint;
    this.status = status;
    hide(this, 'body', body);
  }
}
