import type { AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';

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
