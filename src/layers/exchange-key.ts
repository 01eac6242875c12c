import type { InternalAxiosRequestConfig } from 'axios';
import { isDelegated } from '../transport/delegation.js';
import { structureKeys, text } from './structure-key.js';

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
   */
  asked(config: InternalAxiosRequestConfig): string | undefined;
  /**
   * Every setting that is not known to make no difference, so that one nobody here knows of keeps calls apart.
   * @returns undefined for one that cannot be compared, and for calls that are left to axios's own adapter
   */
  settings(config: InternalAxiosRequestConfig): string | undefined;
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
      if (value === undefined) return undefined;
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

  return {
    asked({ url, baseURL, allowAbsoluteUrls, socketPath, params, auth, headers }) {
      const address = keyOf([url, baseURL, allowAbsoluteUrls, socketPath, params, auth]);
      const rest = headersKey(headers);
      return address === undefined || rest === undefined ? undefined : address + rest;
    },

    settings(config) {
      if (isDelegated(config) || Object.getOwnPropertySymbols(config).length > 0) return undefined;
      return keyOfObject(config as unknown as Record<string, unknown>, NOT_COMPARED);
    },
  };
}
