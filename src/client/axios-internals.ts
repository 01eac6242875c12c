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
    }) => void,
  ): void;
}

export type AnyFunction = (...args: any[]) => any;
