import { Axios, type AxiosRequestConfig, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { noteTurn, rejectNextTurn, takeTurn } from '../base/turns.js';
import { type AnyFunction, type AxiosInternals, dispatch, failed, type OnFailure } from './dispatch.js';
import { between, isEmpty, looking, throughInterceptors } from './interceptors.js';
import { isOrdinaryObject } from './header-plan.js';
import { MergePlan } from './merge-plan.js';

const plain = Axios.prototype as Axios & AxiosInternals;
// oxlint-disable-next-line typescript/unbound-method -- only to compare with
const plainRequest = plain.request;

const METHODS_WITHOUT_DATA = ['get', 'delete', 'head', 'options'] as const;
const METHODS_WITH_DATA = ['post', 'put', 'patch', 'query'] as const;
const FORM_METHODS = ['postForm', 'putForm', 'patchForm'] as const;
const METHODS: ReadonlySet<string> = new Set([...METHODS_WITHOUT_DATA, ...METHODS_WITH_DATA]);

/**
 * A plan costs more to make than a call, in vain where defaults change with each call, or have what no plan is made of.
 * After so many calls without a plan there is a new one only every so many.
 */
const FEW_MISSES = 32;

/**
 * Told of what each call is about to be sent with, after every request interceptor.
 * @throws what the call is to fail with
 */
export type BeforeDispatch = (config: InternalAxiosRequestConfig) => void;

/** Rejects with the error, or throws it. */
type Fail = (error: unknown) => Promise<never>;

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
  readonly #onFailure: OnFailure | undefined;
  readonly #beforeDispatch: BeforeDispatch | undefined;
  #misses = 0;

  constructor(defaults?: AxiosRequestConfig, onFailure?: OnFailure, beforeDispatch?: BeforeDispatch) {
    super(defaults);
    this.#onFailure = onFailure;
    this.#beforeDispatch = beforeDispatch;
  }

  static {
    for (const method of METHODS_WITHOUT_DATA) {
      const plainMethod: AnyFunction = plain[method];
      this.prototype[method] = function (this: PreparedAxios, url: unknown, config?: unknown) {
        return this.#send({ method, url }, config) ?? this.#leaveToAxios(plainMethod, url, config);
      };
    }
    for (const method of METHODS_WITH_DATA) {
      const plainMethod: AnyFunction = plain[method];
      this.prototype[method] = function (this: PreparedAxios, url: unknown, data?: unknown, config?: unknown) {
        return this.#send({ method, url, data }, config) ?? this.#leaveToAxios(plainMethod, url, data, config);
      };
    }
    for (const method of FORM_METHODS) {
      const plainMethod: AnyFunction = plain[method];
      this.prototype[method] = function (this: PreparedAxios, ...args: unknown[]) {
        return this.#leaveToAxios(plainMethod, ...args);
      };
    }
  }

  /** These merge the config by themselves, and fail there by themselves, as where it has a getter that throws. */
  #leaveToAxios(method: AnyFunction, ...args: unknown[]): Promise<any> {
    const onFailure = this.#onFailure;
    return onFailure ? this.#watched(method, args, onFailure) : method.apply(this, args);
  }

  async #watched(method: AnyFunction, args: unknown[], onFailure: OnFailure): Promise<unknown> {
    try {
      return await method.apply(this, args);
    } catch (error) {
      if (takeTurn(error)) throw error; // it comes from `_request`
      onFailure(error, undefined);
      return rejectNextTurn(error);
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
    const onFailure = this.#onFailure;
    if (configOrUrl instanceof PreparedCall && isEmpty(this.interceptors.response)) {
      return this.#dispatchTelling(configOrUrl.config, onFailure);
    }
    if (!onFailure) return this.#answer(configOrUrl, config, undefined);
    let hasTurned = false;
    const fail: Fail = (error) => {
      onFailure(error, this.#settingsOf(configOrUrl, config));
      hasTurned = takeTurn(error) || hasTurned;
      if (!hasTurned) {
        hasTurned = true;
        return rejectNextTurn(error);
      }
      noteTurn(error);
      throw error;
    };
    try {
      return this.#answer(configOrUrl, config, fail).then(undefined, fail);
    } catch (error) {
      return fail(error);
    }
  }

  /** The way of most calls: without interceptors, there is nobody to tell apart from the caller. */
  #dispatchTelling(config: InternalAxiosRequestConfig, onFailure: OnFailure | undefined): Promise<AxiosResponse> {
    try {
      this.#beforeDispatch?.(config);
      return dispatch(config, onFailure);
    } catch (error) {
      if (!onFailure) throw error;
      return failed(error, config, onFailure);
    }
  }

  /** What a call was made with, as far as that is known without merging it. */
  #settingsOf(configOrUrl: any, config: any): InternalAxiosRequestConfig | undefined {
    if (configOrUrl instanceof PreparedCall) return configOrUrl.config;
    try {
      const own = typeof configOrUrl === 'string' ? { ...config, url: configOrUrl } : configOrUrl;
      return { ...this.defaults, ...own, headers: { ...this.defaults.headers, ...own?.headers } };
    } catch {
      return undefined; // a getter that throws
    }
  }

  #answer(configOrUrl: any, config: any, fail: Fail | undefined): Promise<AxiosResponse> {
    if (configOrUrl instanceof PreparedCall) return this.#dispatch(configOrUrl.config, fail);
    let own = configOrUrl;
    if (typeof configOrUrl === 'string') {
      own = config || {};
      own.url = configOrUrl; // the caller finds it in the config, as with axios
    }
    const prepared = this.#configFor(own);
    if (prepared) return this.#dispatch(prepared, fail);
    return plain._request.call(this.#withInnermost(fail), configOrUrl, config);
  }

  /** The client as axios sees it, with interceptors within all others. */
  #withInnermost(rejected: Fail | undefined): this {
    const look = this.#beforeDispatch;
    if (!rejected && !look) return this;
    const { request, response } = this.interceptors;
    const asked = look && looking(look);
    const value = {
      // Of request interceptors the first or the last is the innermost: `transitional.legacyInterceptorReqResOrdering`.
      request: asked ? between(request, asked, asked) : request,
      response: rejected ? between(response, { fulfilled: undefined, rejected }) : response,
    };
    return Object.create(this, { interceptors: { value } });
  }

  /** @returns undefined for a call to leave to axios */
  #configFor(own: unknown, apart?: GivenApart): InternalAxiosRequestConfig | undefined {
    try {
      const { request, response } = this.interceptors;
      const config = own || undefined;
      if (!isEmpty(request) || !response || (config !== undefined && !isOrdinaryObject(config))) return undefined;
      const method = apart ? apart.method : (ownValue(config, 'method') ?? 'get');
      const url = apart ? apart.url : ownValue(config, 'url');
      const data = apart && Object.hasOwn(apart, 'data') ? apart.data : ownValue(config, 'data');
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

  /** @param fail for what interceptors get; what they throw is its caller's */
  #dispatch(config: InternalAxiosRequestConfig, fail: Fail | undefined): Promise<AxiosResponse> {
    const { response } = this.interceptors;
    if (isEmpty(response)) return this.#carryOut(config);
    return throughInterceptors(response, () => this.#carryOut(config), fail);
  }

  #carryOut(config: InternalAxiosRequestConfig): Promise<AxiosResponse> {
    this.#beforeDispatch?.(config);
    return dispatch(config);
  }
}

function ownValue(object: object | undefined, name: string): unknown {
  return object && Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined;
}
