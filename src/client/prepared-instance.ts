import axios, {
  Axios,
  type AxiosInstance,
  type AxiosRequestConfig,
  create,
  type CreateAxiosDefaults,
  mergeConfig,
} from 'axios';
import type { AnyFunction } from './axios-internals.js';
import { rejectNextTurn, takeTurn } from '../next-turn.js';
import { asStruct } from './merged-values.js';
import { type BeforeDispatch, type OnFailure, PreparedAxios } from './prepared-axios.js';
import { behavesLikeAxios } from './self-check.js';
import { Snapshot } from './snapshot.js';

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
