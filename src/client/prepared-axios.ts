import { Axios, type AxiosInterceptorManager, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import type { AnyFunction, AxiosInternals, InterceptorInternals } from './axios-internals.js';
import { dispatch } from './dispatch.js';
import { MergePlan } from './merge-plan.js';
import { isOrdinaryObject } from './merged-values.js';

const plain = Axios.prototype as Axios & AxiosInternals;
// oxlint-disable-next-line typescript/unbound-method -- only to compare with
const plainRequest = plain.request;

const METHODS_WITHOUT_DATA = ['get', 'delete', 'head', 'options'] as const;
const METHODS_WITH_DATA = ['post', 'put', 'patch', 'query'] as const;
const METHODS: ReadonlySet<string> = new Set([...METHODS_WITHOUT_DATA, ...METHODS_WITH_DATA]);

/**
 * A plan costs more to make than a call, in vain where defaults change with each call, or have what no plan is made of.
 * After so many calls without a plan there is a new one only every so many.
 */
const FEW_MISSES = 32;

/** What is not in the config, as with `get(url)` and `post(url, data)`. */
interface GivenApart {
  readonly method: string;
  readonly url: unknown;
  readonly data?: unknown;
}

/** A merged config on its way from `get(url)` and the like to `_request`. */
class PreparedCall {
  constructor(readonly config: InternalAxiosRequestConfig) {}
}

/**
 * axios, except that it does not merge its defaults anew with every call. It keeps a plan of them for each method, for
 * as long as nobody changes them. Callers, response interceptors, transforms and adapters cannot tell. A call that there
 * is no plan for, such as any with a request interceptor, is axios's, untouched.
 *
 * A call of JSON, adapter aside, costs axios 24 to 30 us of CPU, and this 5 to 7. The figures by the parts of it are
 * what such a call costs more without them.
 */
export class PreparedAxios extends Axios {
  readonly #plans = new Map<string, MergePlan>();
  #misses = 0;

  static {
    for (const method of METHODS_WITHOUT_DATA) {
      const plainMethod: AnyFunction = plain[method];
      this.prototype[method] = function (this: PreparedAxios, url: unknown, config?: unknown) {
        return this.#send({ method, url }, config) ?? plainMethod.call(this, url, config);
      };
    }
    for (const method of METHODS_WITH_DATA) {
      const plainMethod: AnyFunction = plain[method];
      this.prototype[method] = function (this: PreparedAxios, url: unknown, data?: unknown, config?: unknown) {
        return this.#send({ method, url, data }, config) ?? plainMethod.call(this, url, data, config);
      };
    }
  }

  /** @returns undefined for a call to leave to axios */
  #send(apart: GivenApart, own: unknown): Promise<any> | undefined {
    // Whoever put another `request` in its place expects a config there.
    if (this.request !== plainRequest) return undefined;
    const config = this.#configFor(own, apart);
    return config && this.request(new PreparedCall(config) as object);
  }

  _request(configOrUrl: any, config?: any): Promise<AxiosResponse> {
    if (configOrUrl instanceof PreparedCall) return this.#dispatch(configOrUrl.config);
    let own = configOrUrl;
    if (typeof configOrUrl === 'string') {
      own = config || {};
      own.url = configOrUrl; // the caller finds it in the config, as with axios
    }
    const prepared = this.#configFor(own);
    return prepared ? this.#dispatch(prepared) : plain._request.call(this, configOrUrl, config);
  }

  /** @returns undefined for a call to leave to axios */
  #configFor(own: unknown, apart?: GivenApart): InternalAxiosRequestConfig | undefined {
    try {
      const { request, response } = this.interceptors;
      const config = own || undefined;
      if (!isEmpty(request) || !response || (config !== undefined && !isOrdinaryObject(config))) return undefined;
      const method = apart ? apart.method : (ownValue(config, 'method') ?? 'get');
      const url = apart ? apart.url : ownValue(config, 'url');
      const data = apart && 'data' in apart ? apart.data : ownValue(config, 'data');
      if (typeof method !== 'string' || typeof url !== 'string') return undefined;
      const plan = this.#planFor(method.toLowerCase());
      const target = { method: method.toLowerCase(), url, data, isApart: apart !== undefined };
      return plan?.configFor(target, config);
    } catch {
      return undefined; // axios comes across the same getter, or the same circle, and has the error for it
    }
  }

  #planFor(method: string): MergePlan | undefined {
    const known = this.#plans.get(method);
    if (known?.isCurrent(this.defaults)) return known;
    if (!METHODS.has(method)) return undefined;
    this.#misses++;
    if (this.#misses > FEW_MISSES && this.#misses % FEW_MISSES > 0) return undefined;
    const plan = MergePlan.of(this.defaults, method);
    if (plan) this.#plans.set(method, plan);
    return plan;
  }

  #dispatch(config: InternalAxiosRequestConfig): Promise<AxiosResponse> {
    const { response } = this.interceptors;
    if (isEmpty(response)) return dispatch(config);
    // Those of now: what the adapter may register is for later calls.
    const handlers: [AnyFunction, AnyFunction][] = [];
    (response as unknown as InterceptorInternals).forEach(({ fulfilled, rejected }) =>
      handlers.push([fulfilled, rejected]),
    );
    let promise: Promise<AxiosResponse>;
    try {
      promise = dispatch(config);
    } catch (error) {
      promise = Promise.reject(error);
    }
    for (const [fulfilled, rejected] of handlers) promise = promise.then(fulfilled, rejected);
    return promise;
  }
}

function ownValue(object: object | undefined, name: string): unknown {
  return object && Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined;
}

/** False as well should axios keep its interceptors elsewhere. */
function isEmpty({ handlers }: AxiosInterceptorManager<any>): boolean {
  return Array.isArray(handlers) && handlers.length === 0;
}
