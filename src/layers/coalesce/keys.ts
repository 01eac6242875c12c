import type { InternalAxiosRequestConfig } from 'axios';
import { isDelegated } from '../../call/target.js';
import { isMethodOverride } from '../../call/writes.js';

/** Deeper structures are rare, or turn in circles. */
const MAX_DEPTH = 5;
const NONE: ReadonlySet<string> = new Set();

/** A netstring: it says itself where it ends. */
function text(value: string): string {
  return `${value.length}:${value}`;
}

/** Strings for values, the same for two values only if they are alike. */
interface StructureKeys {
  /**
   * Every part of it says itself where it ends, so that keys can be joined.
   * @returns undefined for what cannot be compared: an instance of a class other than Date and URLSearchParams, a symbol, or what is
   * nested too deep. Functions are compared by identity.
   */
  readonly keyOf: (value: unknown) => string | undefined;
  /** The same for an object, of whichever class, by its entries. Those that are undefined count as absent. */
  readonly keyOfObject: (object: Readonly<Record<string, unknown>>, skipped: ReadonlySet<string>) => string | undefined;
}

export function structureKeys(): StructureKeys {
  const functions = new WeakMap<object, number>();
  let lastFunction = 0;

  function ofFunction(value: object): string {
    let id = functions.get(value);
    if (id === undefined) functions.set(value, (id = ++lastFunction));
    return `f${id};`;
  }

  function ofValue(value: unknown, depth: number): string | undefined {
    if (typeof value === 'string') return text(value);
    if (value === undefined) return '-';
    if (typeof value === 'function') return ofFunction(value);
    if (typeof value === 'symbol') return undefined;
    if (typeof value !== 'object' || value === null)
      return `${typeof value}=${value as number | boolean | bigint | null};`;
    if (depth === MAX_DEPTH) return undefined;
    if (Array.isArray(value)) return ofList(value, depth + 1);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      return ofObject(value as Record<string, unknown>, NONE, depth + 1);
    }
    if (prototype === Date.prototype) return `d${(value as Date).getTime()};`;
    if (prototype === URLSearchParams.prototype) return `u${text((value as URLSearchParams).toString())}`;
    return undefined;
  }

  function ofList(values: readonly unknown[], depth: number): string | undefined {
    let key = '[';
    for (const value of values) {
      const part = ofValue(value, depth);
      if (part === undefined) return undefined;
      key += part;
    }
    return `${key}]`;
  }

  function ofObject(
    object: Readonly<Record<string, unknown>>,
    skipped: ReadonlySet<string>,
    depth: number,
  ): string | undefined {
    let key = '{';
    for (const name of Object.keys(object)) {
      const value = object[name];
      if (value === undefined || skipped.has(name)) continue;
      const part = ofValue(value, depth);
      if (part === undefined) return undefined;
      key += text(name) + part;
    }
    return `${key}}`;
  }

  return {
    keyOf: (value) => ofValue(value, 0),
    keyOfObject: (object, skipped) => ofObject(object, skipped, 0),
  };
}

/** Settings that do not say what is sent or how the answer is read, or that `asked` has. */
const NOT_COMPARED = new Set([
  'adapter',
  'allowAbsoluteUrls',
  'auth',
  'baseURL',
  'cancelToken',
  'data',
  'env',
  'formSerializer',
  'headers',
  'method',
  'params',
  'signal',
  'socketPath',
  'transformRequest', // axios applies them to each call by itself
  'transformResponse',
  'url',
  'withCredentials',
  'withXSRFToken',
  'xsrfCookieName',
  'xsrfHeaderName',
]);

/**
 * Tells which GETs without a body may share an exchange: those that have the same of both keys. No two calls that differ do, whatever
 * is in their headers. A call whose key is undefined shares with none.
 */
export interface ExchangeKeys {
  /**
   * What is asked for, and on whose behalf: address, parameters, basic auth, and headers in any order and case. To be made when the
   * request is: what it is made of may belong to somebody else, who changes it for the next.
   * @returns undefined for what cannot be compared, and for a GET that upstreams may take for another method
   */
  asked(config: InternalAxiosRequestConfig): string | undefined;
  /**
   * Every setting that is not known to make no difference, so that one nobody here knows of keeps calls apart.
   * @returns undefined for one that cannot be compared, and for calls that are left to axios's own adapter
   */
  settings(config: InternalAxiosRequestConfig): string | undefined;
  /** Both; undefined where either is. */
  whole(config: InternalAxiosRequestConfig): string | undefined;
}

export function exchangeKeys(): ExchangeKeys {
  const { keyOf, keyOfObject } = structureKeys();

  /** Two or three times as fast as sorting, for as few as there are. */
  function headersKey(headers: Readonly<Record<string, unknown>>): string | undefined {
    const names: string[] = [];
    const values: string[] = [];
    for (const name of Object.keys(headers)) {
      if (headers[name] === undefined) continue;
      const value = keyOf(headers[name]);
      if (value === undefined || isMethodOverride(name)) return undefined;
      const lowerCase = name.toLowerCase();
      let i = names.length;
      for (; i > 0 && names[i - 1]! > lowerCase; i--) {
        names[i] = names[i - 1]!;
        values[i] = values[i - 1]!;
      }
      names[i] = lowerCase;
      values[i] = value;
    }
    let key = '{';
    for (let i = 0; i < names.length; i++) key += text(names[i]!) + values[i]!;
    return `${key}}`;
  }

  const exchange: ExchangeKeys = {
    asked({ url, baseURL, allowAbsoluteUrls, socketPath, params, auth, headers }) {
      const address = keyOf([url, baseURL, allowAbsoluteUrls, socketPath, params, auth]);
      const rest = headersKey(headers);
      return address === undefined || rest === undefined ? undefined : address + rest;
    },

    settings(config) {
      if (isDelegated(config) || Object.getOwnPropertySymbols(config).length > 0) return undefined;
      return keyOfObject(config as unknown as Record<string, unknown>, NOT_COMPARED);
    },

    whole(config) {
      const asked = exchange.asked(config);
      const settings = asked === undefined ? undefined : exchange.settings(config);
      return settings === undefined ? undefined : asked! + settings;
    },
  };
  return exchange;
}
