import type { AxiosInterceptorManager, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { AnyFunction } from './dispatch.js';

/** What axios's interceptor managers have besides their types. */
export interface InterceptorInternals {
  forEach(visit: (interceptor: Interceptor) => void): void;
}

export interface Interceptor {
  readonly fulfilled: AnyFunction | undefined;
  readonly rejected: AnyFunction | undefined;
  /** Of a request interceptor: whether it needs no turn of the event loop. */
  readonly synchronous?: boolean;
}

/** Interceptors as axios goes through them, with one before and maybe one behind. */
export function between(
  manager: AxiosInterceptorManager<any>,
  first: Interceptor,
  last?: Interceptor,
): InterceptorInternals {
  return {
    forEach(visit) {
      visit(first);
      (manager as unknown as InterceptorInternals).forEach(visit);
      if (last) visit(last);
    },
  };
}

/** A request interceptor that changes nothing. */
export function looking(look: (config: InternalAxiosRequestConfig) => void): Interceptor {
  const fulfilled = (config: InternalAxiosRequestConfig) => {
    look(config);
    return config;
  };
  return { fulfilled, rejected: undefined, synchronous: true };
}

/** False as well should axios keep its interceptors elsewhere. */
export function isEmpty({ handlers }: AxiosInterceptorManager<any>): boolean {
  return Array.isArray(handlers) && handlers.length === 0;
}

/**
 * Sends a call, and has its response interceptors go through what comes of it, as axios does.
 * @param send may throw at once, too
 * @param innermost gets what the call fails with before they do
 */
export function throughInterceptors(
  manager: AxiosInterceptorManager<any>,
  send: () => Promise<AxiosResponse>,
  innermost: AnyFunction | undefined,
): Promise<AxiosResponse> {
  // Those of now: what the adapter may register is for later calls.
  const handlers: Interceptor[] = innermost ? [{ fulfilled: undefined, rejected: innermost }] : [];
  (manager as unknown as InterceptorInternals).forEach((interceptor) => handlers.push(interceptor));
  let promise: Promise<AxiosResponse>;
  try {
    promise = send();
  } catch (error) {
    promise = Promise.reject(error);
  }
  for (const { fulfilled, rejected } of handlers) promise = promise.then(fulfilled, rejected);
  return promise;
}
