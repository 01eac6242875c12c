/** What axios's class has besides its types: `request` is `_request`, with the caller's stack added to its errors. */
export interface AxiosInternals {
  _request(configOrUrl: unknown, config?: unknown): Promise<any>;
}

/** What axios's interceptor managers have besides theirs. */
export interface InterceptorInternals {
  forEach(
    visit: (interceptor: {
      readonly fulfilled: AnyFunction | undefined;
      readonly rejected: AnyFunction | undefined;
      /** Of a request interceptor: whether it needs no turn of the event loop. */
      readonly synchronous?: boolean;
    }) => void,
  ): void;
}

export type AnyFunction = (...args: any[]) => any;
