import type { AxiosError, AxiosInstance, AxiosRequestConfig, AxiosResponse } from 'axios';
import { originOf } from '../call/call.js';
import {
  ApiError,
  type ContractCall,
  type ContractIssue,
  RequestInvalidError,
  ResponseInvalidError,
} from '../errors/contract.errors.js';
import { hide } from '../errors/http-client.error.js';
import type { ArgsOf, Endpoint, EndpointOptions, ErrorBodyOf, ResultOf, StatusOf } from './endpoint.js';
import { mistakeIn, type Prepared, requestOf } from './request.js';
import { type Checked, isSchema, pathOf, thrownBy, validate } from './standard-schema.js';

// oxlint-disable-next-line typescript/no-explicit-any -- of any path and options
export type Contract = Readonly<Record<string, Endpoint<any, any>>>;

/** For one call: axios's settings, which override those of the endpoint. `baseURL` is for a client of several hosts, which has none itself. */
export type ContractCallOptions = Omit<
  AxiosRequestConfig,
  'method' | 'url' | 'params' | 'data' | 'responseType' | 'urlTemplate'
>;

// oxlint-disable-next-line typescript/no-empty-object-type -- no argument is needed
type Arguments<One> =
  {} extends ArgsOf<One>
    ? [args?: ArgsOf<One>, options?: ContractCallOptions]
    : [args: ArgsOf<One>, options?: ContractCallOptions];

/** An endpoint, to call. */
export interface EndpointFunction<One> {
  /**
   * @throws RequestInvalidError before anything is sent; ResponseInvalidError; ApiError for a status that the endpoint declares;
   * and whatever the client throws
   */
  (...args: Arguments<One>): Promise<ResultOf<One>>;
  /** The same with the whole response, whose `data` is the result. */
  readonly raw: (...args: Arguments<One>) => Promise<AxiosResponse<ResultOf<One>>>;
  /** Whether an error is this endpoint's, with this status and the body that it declares for it. */
  readonly isError: <Status extends StatusOf<One>>(
    error: unknown,
    status: Status,
  ) => error is ApiError<ErrorBodyOf<One, Status>>;
  /** The endpoint that it calls. */
  readonly endpoint: One;
}

/** The endpoints of a contract, to call. */
export type Api<Of extends Contract> = { readonly [Name in keyof Of]: EndpointFunction<Of[Name]> };

/** A class of which each instance calls an API by one client: extend it, and list it in the `apis` of the client. */
export type HttpApiClass<Of extends Contract> = (abstract new (client: AxiosInstance) => Api<Of>) & {
  /** What it was made of. */
  readonly '~contract': ContractInfo<Of>;
};

/** Any class that extends one. */
export type ApiClass = (new (client: AxiosInstance) => object) & { readonly '~contract': ContractInfo };

export interface ContractInfo<Of extends Contract = Contract> {
  /** The name of the client that calls it. */
  readonly client: string;
  readonly endpoints: Of;
}

/**
 * Makes an API's description a class to inject: `class Github extends HttpApi('github', { … }) {}`.
 * @param client the name of the client that calls it
 * @throws TypeError for an endpoint that makes no sense
 */
export function HttpApi<const Of extends Contract>(client: string, endpoints: Of): HttpApiClass<Of> {
  for (const [name, endpoint] of Object.entries(endpoints)) {
    const mistake = mistakeIn(name, endpoint);
    if (mistake !== undefined) throw new TypeError(`HttpApi('${client}'), ${name}: ${mistake}`);
  }
  const info: ContractInfo<Of> = Object.freeze({ client, endpoints: Object.freeze({ ...endpoints }) });
  abstract class ApiOfClient {
    static readonly '~contract' = info;

    constructor(http: AxiosInstance) {
      for (const [name, endpoint] of Object.entries(endpoints)) {
        Object.defineProperty(this, name, { value: endpointFunction(endpoint, client, http), enumerable: true });
      }
    }
  }
  return ApiOfClient as unknown as HttpApiClass<Of>;
}

/** What a class is a contract of; undefined for one that is none. */
export function contractOf(api: unknown): ContractInfo | undefined {
  return (api as { '~contract'?: ContractInfo } | null | undefined)?.['~contract'];
}

/** An endpoint, called by a client. */
export function endpointFunction(endpoint: Endpoint, client: string, http: AxiosInstance): EndpointFunction<Endpoint> {
  // One for all calls, as calls with different settings share no response.
  const checkResponse: AxiosRequestConfig['checkResponse'] =
    endpoint.options.invalidResponse && ((response, call) => resultOf(response, endpoint, () => call));
  const send = (made: Prepared, options: ContractCallOptions | undefined): Promise<AxiosResponse> => {
    const { config } = sendable(made, endpoint, client, options?.baseURL ?? http.defaults.baseURL);
    if (checkResponse) config.checkResponse = checkResponse;
    return answerOf(http.request(options ? merged(config, options) : config), endpoint, client);
  };
  const read = (response: AxiosResponse) => resultOf(response, endpoint, () => callOf(response, endpoint, client));
  const call = async (args: object = {}, options?: ContractCallOptions): Promise<unknown> => {
    const made = requestOf(endpoint, args as Record<string, unknown>);
    const response = await send(made instanceof Promise ? await made : made, options);
    const data = read(response);
    return (response.data = data instanceof Promise ? await data : data);
  };
  const raw = async (args: object = {}, options?: ContractCallOptions): Promise<AxiosResponse> => {
    const made = requestOf(endpoint, args as Record<string, unknown>);
    const response = await send(made instanceof Promise ? await made : made, options);
    const data = read(response);
    response.data = data instanceof Promise ? await data : data;
    return response;
  };
  const isError = (error: unknown, status: number) =>
    error instanceof ApiError && error.status === status && error.endpoint === endpoint.path && error.client === client;
  return Object.assign(call, { raw, isError, endpoint }) as never;
}

function merged(config: AxiosRequestConfig, options: ContractCallOptions): AxiosRequestConfig {
  const headers = config.headers && options.headers && Object.assign({}, config.headers, options.headers);
  return { ...config, ...options, ...(headers && { headers }) };
}

function sendable(made: Prepared, endpoint: Endpoint, client: string, baseURL: string | undefined) {
  if ('config' in made) return made;
  const { method, path } = endpoint;
  const config = {
    method,
    url: path,
    urlTemplate: path,
    ...(baseURL !== undefined && { baseURL }),
    headers: {} as never,
  };
  const call: ContractCall = { clientName: client, origin: originOf(config), method, attempt: 1, config };
  throw new RequestInvalidError(path, made.issues, call, made.thrown);
}

function answerOf(answer: Promise<AxiosResponse>, endpoint: Endpoint, client: string): Promise<AxiosResponse> {
  const { errors } = endpoint.options;
  return errors ? answerOrApiError(answer, errors, endpoint, client) : answer;
}

async function answerOrApiError(
  answer: Promise<AxiosResponse>,
  errors: NonNullable<EndpointOptions['errors']>,
  endpoint: Endpoint,
  client: string,
): Promise<AxiosResponse> {
  try {
    return await answer;
  } catch (error) {
    const { response } = error as Partial<AxiosError>;
    const schema = response && Object.hasOwn(errors, response.status) ? errors[response.status] : undefined;
    if (!isSchema(schema)) throw error;
    const body = await validate(schema, bodyOf(response!));
    if (body.issues) throw error; // it is a failure with this status all the same
    throw told(
      new ApiError(endpoint.path, response!.status, body.value, callOf(response!, endpoint, client)),
      error as Partial<AxiosError>,
    );
  }
}

/** The body of an error, where the caller asked for bytes, is JSON all the same. */
function bodyOf({ data }: AxiosResponse<unknown>): unknown {
  const text = Buffer.isBuffer(data) ? data.toString() : data;
  if (typeof text !== 'string') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** What the client knows of the call. */
function told(error: ApiError, { attempts, timings, request }: Partial<AxiosError>): ApiError {
  if (attempts) error.attempts = attempts;
  if (timings) error.timings = timings;
  if (request !== undefined) hide(error, 'request', request);
  return error;
}

function callOf({ config }: AxiosResponse, { method }: Endpoint, client: string): ContractCall {
  return { clientName: client, origin: originOf(config), method, attempt: 1, config };
}

const NO_CONTENT = new Set([204, 205, 304]);

function resultOf(response: AxiosResponse, endpoint: Endpoint, call: () => ContractCall): unknown {
  const { response: wanted, select } = endpoint.options;
  if (wanted === 'void') return undefined;
  const data: unknown = NO_CONTENT.has(response.status) && response.data === '' ? undefined : response.data;
  const checked = (result: Checked) => {
    if (!result.issues) return result.value;
    const issues = result.issues.map((issue): ContractIssue => ({ path: pathOf(issue), message: issue.message }));
    const thrown = 'thrown' in result ? result.thrown : undefined;
    throw new ResponseInvalidError(endpoint.path, issues, call(), response.status, thrown);
  };
  let selected = data;
  if (select) {
    try {
      selected = select({ ...response, data });
    } catch (error) {
      return checked(thrownBy('select', error));
    }
  }
  if (!isSchema(wanted)) return selected;
  const validated = validate(wanted, selected);
  return validated instanceof Promise ? validated.then(checked) : checked(validated);
}
