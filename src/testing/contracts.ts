import {
  AxiosError,
  AxiosHeaders,
  type AxiosInstance,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import type { ArgsOf, Endpoint, ResponseKind, StatusOf } from '../contracts/endpoint.js';
import { type ApiClass, contractOf, endpointFunction } from '../contracts/http-api.js';
import {
  isSchema,
  type InputOf,
  pathOf,
  type StandardSchema,
  validate,
  type Checked,
} from '../contracts/standard-schema.js';
import type { ErrorCode, ReplyHeaders } from './answer.js';
import type { ExpectedRequest } from './expectation.js';
import type { ReceivedRequest } from './received-request.js';
import { literally } from './reg-exp.js';
import type { RequestMatcher, TextMatch } from './request-match.js';

// oxlint-disable typescript/no-explicit-any -- endpoints of any path and options

/** The endpoints of a class that `HttpApi` has made. */
export type EndpointsOf<Api> = Api extends abstract new (...args: never[]) => infer Instance
  ? {
      readonly [
        Name in keyof Instance as Instance[Name] extends { readonly endpoint: Endpoint<any, any> } ? Name : never
      ]: Instance[Name] extends { readonly endpoint: infer One } ? One : never;
    }
  : never;

/** Of the arguments, as many as are to be told by. */
export type PartialArgs<One> = { readonly [Name in keyof ArgsOf<One>]?: Partial<ArgsOf<One>[Name]> };

/** What an upstream sends: what the response's schema takes. */
export type ReplyOf<One> =
  One extends Endpoint<string, infer Options>
    ? Options extends { readonly select: unknown }
      ? unknown
      : Options['response'] extends StandardSchema
        ? InputOf<Options['response']>
        : Options['response'] extends ResponseKind
          ? string | Uint8Array | undefined
          : unknown
    : never;

/** A call of an endpoint that is expected. Its answers have to fit the contract: a TypeError says where one does not. */
export interface ExpectedCall<One> {
  /** @throws TypeError for a body that does not fit the response's schema */
  reply(body: ReplyOf<One>, headers?: ReplyHeaders): this;
  /** @throws TypeError for a body that does not fit the schema of this status */
  refuse<Status extends StatusOf<One>>(status: Status, body: InputOfError<One, Status>): this;
  /** Ends it with what the transport fails with in production. */
  error(code: ErrorCode | Error): this;
  /** Has the answer that follows wait, on the clock of the clients. */
  delay(ms: number): this;
  /** @throws Error while it has not come */
  readonly request: ReceivedRequest;
  /** Resolves when it comes. */
  readonly received: Promise<ReceivedRequest>;
}

type InputOfError<One, Status> =
  One extends Endpoint<string, infer Options>
    ? Options extends { readonly errors: infer Errors }
      ? Status extends keyof Errors
        ? InputOf<Errors[Status]>
        : never
      : never
    : never;

function endpointOf(api: ApiClass, name: PropertyKey): { readonly client: string; readonly endpoint: Endpoint } {
  const contract = contractOf(api);
  const endpoint = contract && Object.hasOwn(contract.endpoints, name) && contract.endpoints[name as string];
  if (contract && endpoint) return { client: contract.client, endpoint };
  const known = contract ? `one of ${Object.keys(contract.endpoints).join(', ')}` : 'a class that extends HttpApi(…)';
  throw new TypeError(`${api.name}: expected ${known}, got ${String(name)}`);
}

/** What else a call of an endpoint is told by. */
export interface ExpectedCallOptions {
  /**
   * The `baseURL` of the call, for a client of several hosts.
   * @default any
   */
  readonly baseURL?: string;
}

/** What a request for an endpoint is told by; arguments that are left out may be anything. */
export function matcherOf(
  api: ApiClass,
  name: PropertyKey,
  args: Readonly<Record<string, unknown>> = {},
  { baseURL }: ExpectedCallOptions = {},
): RequestMatcher {
  const { client, endpoint } = endpointOf(api, name);
  const { query, headers, body, ...parameters } = args;
  const path = endpoint.path
    .split(/(\{[^{}]+\})/)
    .map((part) => {
      if (!part.startsWith('{')) return literally(part);
      const value = parameters[part.slice(1, -1)];
      return value === undefined ? '[^/?#]+' : literally(encodeURIComponent(value as string | number));
    })
    .join('');
  return {
    client,
    method: endpoint.method,
    url: new RegExp(`^${baseURL === undefined ? '[^?#]*' : literally(baseURL)}${path}(?:\\?|$)`),
    ...(query !== undefined && { query: textsOf(query as object) }),
    ...(headers !== undefined && { headers: headers as Record<string, TextMatch> }),
    ...(body !== undefined && { body }),
  };
}

function textsOf(query: object): Record<string, TextMatch> {
  const given: [string, TextMatch | undefined][] = Object.entries(query);
  return Object.fromEntries(given.filter((entry): entry is [string, TextMatch] => entry[1] !== undefined));
}

/** Has an expectation answer as the endpoint's contract says, or fail. */
export function expectedCall<One>(api: ApiClass, name: PropertyKey, expected: ExpectedRequest): ExpectedCall<One> {
  const { endpoint } = endpointOf(api, name);
  const { response, select, errors } = endpoint.options;
  const answer = (status: number, schema: unknown, sent: unknown, checked: unknown, headers?: ReplyHeaders) => {
    if (isSchema(schema)) {
      const fail = (result: Checked) => {
        if (!result.issues) return;
        const where = result.issues
          .map((issue) => `${pathOf(issue) || 'the whole of it'}: ${issue.message}`)
          .join('; ');
        throw new TypeError(`${api.name}.${String(name)}: the answer (${status}) does not fit its contract: ${where}`);
      };
      const result = validate(schema, checked);
      if (result instanceof Promise) {
        expected.replyWith(async () => {
          fail(await result);
          return { status, body: sent, ...(headers && { headers }) };
        });
        return call;
      }
      fail(result);
    }
    expected.reply(status, sent, headers);
    return call;
  };
  const call: ExpectedCall<One> = {
    reply(body, headers) {
      const data: unknown = select ? select({ data: body } as AxiosResponse) : body;
      return answer(200, response, body, data, headers);
    },
    refuse: (status, body) => answer(status, errors?.[status], body, body),
    error(code) {
      expected.error(code);
      return call;
    },
    delay(ms) {
      expected.delay(ms);
      return call;
    },
    get request() {
      return expected.request;
    },
    get received() {
      return expected.received;
    },
  };
  return call;
}

/** For a fake of an endpoint. */
export interface FakeContext<One> {
  /** Has the call fail as it does where the upstream refuses it with this status and body. */
  readonly refuse: <Status extends StatusOf<One>>(status: Status, body: InputOfError<One, Status>) => never;
}

/** Endpoint → what answers it: with what the upstream would send. */
export type Fakes<Api> = {
  readonly [Name in keyof EndpointsOf<Api>]?: (
    args: ArgsOf<EndpointsOf<Api>[Name]>,
    context: FakeContext<EndpointsOf<Api>[Name]>,
  ) => ReplyOf<EndpointsOf<Api>[Name]> | Promise<ReplyOf<EndpointsOf<Api>[Name]>>;
};

class Refusal {
  constructor(
    readonly status: number,
    readonly body: unknown,
  ) {}
}

/**
 * An API without HTTP, for unit tests: what its fakes answer is checked and parsed as if it had come from the upstream, and so are the
 * arguments.
 * @throws TypeError for a fake of no endpoint; calls of endpoints without a fake fail
 */
export function fakeApi<Api extends ApiClass>(api: Api, fakes: Fakes<Api>): InstanceType<Api> {
  const contract = contractOf(api);
  for (const name of Object.keys(fakes)) endpointOf(api, name);
  const instance = Object.create(api.prototype as object) as object;
  for (const [name, endpoint] of Object.entries(contract?.endpoints ?? {})) {
    const fake = (fakes as Record<string, ((args: unknown, context: unknown) => unknown) | undefined>)[name];
    const made = (args: unknown) =>
      endpointFunction(endpoint, contract!.client, fakeClient(`${api.name}.${name}`, fake, args));
    const { isError } = made(undefined);
    const call = (args?: unknown, options?: never) => made(args)(args as never, options);
    const raw = (args?: unknown, options?: never) => made(args).raw(args as never, options);
    Object.defineProperty(instance, name, { value: Object.assign(call, { raw, isError, endpoint }), enumerable: true });
  }
  return instance as InstanceType<Api>;
}

function fakeClient(
  name: string,
  fake: ((args: unknown, context: unknown) => unknown) | undefined,
  args: unknown,
): AxiosInstance {
  const refuse = (status: number, body: unknown) => {
    throw new Refusal(status, body);
  };
  const request = async (given: object): Promise<AxiosResponse> => {
    if (!fake) throw new Error(`fakeApi: ${name} was called, and has no fake`);
    const config = { headers: new AxiosHeaders(), ...given } as InternalAxiosRequestConfig;
    const responseOf = (status: number, data: unknown): AxiosResponse => ({
      status,
      statusText: '',
      headers: {},
      config,
      data,
    });
    try {
      return responseOf(200, await fake(args ?? {}, { refuse }));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { status, body } = error;
      const response = responseOf(status, body);
      throw new AxiosError(`Request failed with status code ${status}`, 'ERR_BAD_REQUEST', config, undefined, response);
    }
  };
  return { defaults: {}, request } as unknown as AxiosInstance;
}
