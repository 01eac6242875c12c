import axios, {
  Axios,
  type AxiosInstance,
  type AxiosRequestConfig,
  create,
  type CreateAxiosDefaults,
  mergeConfig,
} from 'axios';
import type { AnyFunction } from './axios-internals.js';
import { asStruct } from './merged-values.js';
import { PreparedAxios } from './prepared-axios.js';
import { behavesLikeAxios } from './self-check.js';
import { Snapshot } from './snapshot.js';

/** The methods for each HTTP method, as this file found them. */
const plainMethods = new Snapshot(Axios.prototype);
let isAsExpected: boolean | undefined;

/**
 * `axios.create`, of a prepared client. Where axios turns out to work otherwise than expected, or somebody has put
 * something else in its place, as tests and instrumentations do: `axios.create` itself.
 */
export function createPreparedInstance(config?: CreateAxiosDefaults): AxiosInstance {
  const instance = axios.create(config);
  if (axios.create !== create || !plainMethods.holds()) return instance;
  isAsExpected ??= behavesLikeAxios(Axios, PreparedAxios);
  return isAsExpected ? instanceOf(instance.defaults as object) : instance;
}

/** As `axios.create` builds it: a function with all that the class and the client have. */
function instanceOf(merged: AxiosRequestConfig): AxiosInstance {
  const defaults = asStruct(merged);
  const context = new PreparedAxios(defaults);
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
    create: (own?: CreateAxiosDefaults) => instanceOf(mergeConfig(defaults, own as AxiosRequestConfig)),
  }) as unknown as AxiosInstance;
}
