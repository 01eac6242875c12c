import axios, {
  Axios,
  type AxiosHeaders,
  type AxiosInstance,
  type AxiosRequestConfig,
  create,
  type CreateAxiosDefaults,
  type InternalAxiosRequestConfig,
  mergeConfig,
} from 'axios';
import { isDeepStrictEqual } from 'node:util';
import { rejectNextTurn, takeTurn } from '../base/turns.js';
import type { AnyFunction, OnFailure } from './dispatch.js';
import { asStruct } from './header-plan.js';
import { Snapshot } from './merge-plan.js';
import { type BeforeDispatch, PreparedAxios } from './prepared-axios.js';

/** The methods for each HTTP method, as this file found them. */
const plainMethods = new Snapshot(Axios.prototype);
let isAsExpected: boolean | undefined;

/**
 * `axios.create`, of a prepared client. Where axios turns out to work otherwise than expected, or somebody has put
 * something else in its place, as tests and instrumentations do: `axios.create` itself.
 * @param onFailure told of the error of each call that fails, before the caller gets it; of axios's own instance not of those that
 * interceptors throw
 * @param beforeDispatch told of what each call is about to be sent with; what it throws, the call fails with
 */
export function createPreparedInstance(
  config?: CreateAxiosDefaults,
  onFailure?: OnFailure,
  beforeDispatch?: BeforeDispatch,
): AxiosInstance {
  const instance = axios.create(config);
  if (axios.create === create && plainMethods.holds()) {
    isAsExpected ??= behavesLikeAxios(Axios, PreparedAxios);
    if (isAsExpected) return instanceOf(instance.defaults as object, onFailure, beforeDispatch);
  }
  if (beforeDispatch) {
    instance.interceptors?.request.use((asked) => {
      beforeDispatch(asked);
      return asked;
    });
  }
  if (onFailure) {
    instance.interceptors?.response.use(undefined, (error: unknown) => {
      onFailure(error, undefined);
      if (takeTurn(error)) throw error;
      return rejectNextTurn(error);
    });
  }
  return instance;
}

/** As `axios.create` builds it: a function with all that the class and the client have. */
function instanceOf(merged: AxiosRequestConfig, ...observers: [OnFailure?, BeforeDispatch?]): AxiosInstance {
  const defaults = asStruct(merged);
  const context = new PreparedAxios(defaults, ...observers);
  const bound = (name: keyof Axios) => {
    const method = context[name] as AnyFunction;
    return function wrap(...args: unknown[]) {
      return method.apply(context, args);
    };
  };
  const instance = bound('request');
  for (const name of Object.getOwnPropertyNames(Axios.prototype) as (keyof Axios)[]) {
    Object.assign(instance, { [name]: bound(name) });
  }
  return Object.assign(instance, context, {
    create: (own?: CreateAxiosDefaults) => instanceOf(mergeConfig(defaults, own as AxiosRequestConfig), ...observers),
  }) as unknown as AxiosInstance;
}

/**
 * Whether a subclass makes of a few calls what the axios that is installed makes of them: the subclass overrides what is
 * not in axios's types. The calls are over at once, as axios calls the adapter before it returns, and what this one
 * answers only looks like a promise.
 */
export function behavesLikeAxios(plain: typeof Axios, subclass: typeof Axios): boolean {
  // Someone has wrapped it, to count or trace calls, before this package was loaded: not a function to try things with.
  // oxlint-disable-next-line typescript/unbound-method -- only to read its source
  if (!String(plain.prototype.request).includes('_request')) return false;
  let trace: unknown[] = [];
  const adapter = (config: InternalAxiosRequestConfig) => {
    trace.push(Reflect.ownKeys(config), { ...config }, Object.entries(config.headers));
    return settledAnswer(config, (answer) => trace.push(answer));
  };
  const traces = [plain, subclass].map((Client) => {
    trace = [];
    makeCalls(new Client({ ...DEFAULTS, adapter }));
    return trace;
  });
  return isDeepStrictEqual(traces[0], traces[1]);
}

const DEFAULTS = {
  transitional: { silentJSONParsing: true },
  transformRequest: [
    (data: unknown, headers: AxiosHeaders) => JSON.stringify([data, headers.setAccept('*/*').getContentType()]),
  ],
  transformResponse: [
    (data: unknown, headers: AxiosHeaders, status?: number) => ({ data, headers: { ...headers.toJSON() }, status }),
  ],
  headers: {
    common: { Accept: 'text/plain', 'Content-Type': undefined },
    get: {},
    post: { 'X-Post': '1' },
    'x-flat': 1,
  },
} as unknown as AxiosRequestConfig;

function makeCalls(client: Axios): void {
  const calls = [
    client.get('/get', { headers: { accept: 'text/html', 'X-Own': '1' }, params: { a: 1 }, timeout: 5 }),
    client.post('/post', { nested: { list: [1] } }),
    client.put('/put'),
    client.request({ url: '/fails', method: 'DELETE', data: 'text' }),
  ];
  for (const call of calls) call.catch(() => {});
}

/** A promise as far as axios's `then` can see. */
function settledAnswer(config: InternalAxiosRequestConfig, onSettled: (answer: object) => void): Promise<any> {
  const response: Record<string, unknown> = {
    data: '{}',
    status: 200,
    headers: { 'Content-Type': 'text/plain' },
    config,
  };
  const settle = (resolved: (response: object) => unknown, rejected: (reason: object) => Promise<never>) => {
    const result = config.url === '/fails' ? rejected({ response }) : resolved(response);
    onSettled({ ...response, duration: typeof response['duration'] });
    return result;
  };
  // oxlint-disable-next-line unicorn/no-thenable -- it is for nobody but axios, which calls it at once
  return { then: settle } as unknown as Promise<any>;
}
