import type {
  AxiosAdapter,
  AxiosInstance,
  AxiosRequestTransformer,
  AxiosResponse,
  CreateAxiosDefaults,
  InternalAxiosRequestConfig,
} from 'axios';
import { createCall } from '../call/call.js';
import { transformsOf } from '../call/transforms.js';
import { concealError } from '../errors/redact-error.js';
import { AddressBlockedError, InvalidOptionsError } from '../errors/refusal.errors.js';
import type { ResolvedClientOptions } from '../options/resolve-options.js';
import { transformRequest, withBinaryData } from './binary-data.js';
import { createPreparedInstance } from './prepared-instance.js';
import type { ClientStack } from './stack.js';

/**
 * An injectable class that sees every call of a client. It has at least one of these methods.
 *
 * Interceptors wrap a call as Nest's own do: listed `[A, B]`, `onRequest` runs A then B, `onResponse` and `onError` run
 * B then A. They run once per call, outside whatever the client does to carry it out. They are made once per client:
 * one that is request-scoped, or injects what is, stops the start of the app with an InvalidOptionsError.
 */
export interface HttpClientInterceptor {
  /** @returns the config to go on with: the one given, changed or not */
  onRequest?(config: InternalAxiosRequestConfig): InternalAxiosRequestConfig | Promise<InternalAxiosRequestConfig>;
  /** @returns the response to go on with */
  onResponse?(response: AxiosResponse): AxiosResponse | Promise<AxiosResponse>;
  /**
   * What the call failed with: an `AxiosError`, an `HttpClientError`, or what an inner interceptor threw.
   * @returns a response to answer the call with all the same; throw the error, or another, to let it fail
   */
  onError?(error: unknown): AxiosResponse | Promise<AxiosResponse>;
}

/** Registers interceptors, the first one outermost. */
export function registerInterceptors(instance: AxiosInstance, interceptors: readonly HttpClientInterceptor[]): void {
  // axios runs request interceptors last registered first, and response interceptors first registered first:
  // https://axios-http.com/docs/interceptors. Registering from the innermost outwards gives both their order.
  for (const interceptor of interceptors.toReversed()) {
    const onRequest = interceptor.onRequest?.bind(interceptor);
    const onResponse = interceptor.onResponse?.bind(interceptor);
    const onError = interceptor.onError?.bind(interceptor);
    if (!onRequest && !onResponse && !onError) {
      throw new InvalidOptionsError('HttpClientModule', [
        `interceptors: expected classes with onRequest, onResponse or onError, got ${interceptor.constructor.name}`,
      ]);
    }
    if (onRequest) instance.interceptors.request.use(onRequest);
    if (onResponse || onError) instance.interceptors.response.use(onResponse, onError);
  }
}

/** Makes a client: an axios instance of its own whose every call passes through the stack to the pool. */
export function createHttpClient(
  options: ResolvedClientOptions,
  stack: ClientStack,
  interceptors: readonly HttpClientInterceptor[],
): AxiosInstance {
  const { rules, clock } = stack;
  const adapter: AxiosAdapter = (config) => stack.handle(createCall(config, options.name, clock));
  const defaults: CreateAxiosDefaults = {
    ...options.axios,
    transformRequest: withBinaryData(options.axios.transformRequest),
    ...(options.baseURL !== undefined && { baseURL: options.baseURL }),
    headers: { ...options.headers },
    timeout: options.timeouts.attemptMs || 0, // axios's word for no limit
    adapter,
  };
  // The stack's errors are concealed already; transforms and interceptors have their own.
  const instance = createPreparedInstance(
    defaults,
    (error, config) => concealError(error, { rules, clientName: options.name, config }),
    options.guard ? keptAdapter(adapter, options.name) : undefined,
  );
  registerInterceptors(instance, interceptors);
  return instance;
}

/**
 * An adapter connects for itself: with another one, a call would leave the guard behind. The transforms of its request run later and have its
 * config for `this`, so where there are any but ours, another one behind them looks once more.
 * @throws AddressBlockedError where a call, the defaults, an interceptor or a transform has brought one
 */
function keptAdapter(own: AxiosAdapter, name: string): (config: InternalAxiosRequestConfig) => void {
  const check = (config: InternalAxiosRequestConfig) => {
    if (config.adapter !== own) throw AddressBlockedError.bySetting(createCall(config, name), 'adapter');
  };
  const checkAgain: AxiosRequestTransformer = function look(data: unknown) {
    check(this);
    return data;
  };
  return (config) => {
    check(config);
    const transforms = transformsOf(config.transformRequest);
    const last = transforms.at(-1);
    const areOurs = last === checkAgain || transforms.every((transform) => transform === transformRequest);
    if (!areOurs) config.transformRequest = [...transforms, checkAgain] as AxiosRequestTransformer[];
  };
}
