import { Axios, type AxiosDefaults, AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import type { AxiosInternals } from './dispatch.js';
import {
  copyOfData,
  emptyConfig,
  HeaderPlan,
  isFlat,
  isHeadersObject,
  isOrdinaryObject,
  mayBePlain,
  mergedParams,
  ordinaryName,
  UNSAFE_NAMES,
} from './header-plan.js';

/** The own entries that an object had, to see whether it still has them, in that order, and no others. */
export class Snapshot {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #names: readonly string[];
  readonly #values: readonly unknown[];

  constructor(object: object) {
    this.#object = object as Readonly<Record<string, unknown>>;
    this.#names = Object.keys(object);
    this.#values = Object.values(object);
  }

  /** Whether nothing was set, added, removed or moved since. Nested objects count by identity. */
  holds(): boolean {
    const object = this.#object;
    const names = this.#names;
    let i = 0;
    // Object.keys makes an array: 0.4 us a call, for all the objects checked.
    for (const name in object) {
      if (name !== names[i] || object[name] !== this.#values[i]) return false;
      i++;
    }
    return i === names.length;
  }
}

type Entries = Readonly<Record<string, unknown>>;
type Config = InternalAxiosRequestConfig & Record<string, unknown>;

/** axios does more with these than passing them on: it skips them, warns of them, or removes them again. */
const SPECIAL = [...UNSAFE_NAMES, 'hasOwnProperty', 'response', 'baseUrl', 'withXsrfToken'];
/** It takes these from the call only. */
const SPECIAL_IN_DEFAULTS: ReadonlySet<string> = new Set([...SPECIAL, 'url', 'method', 'data']);
/** It checks these, which for the defaults was done when the plan was made. */
const SPECIAL_IN_CALLS: ReadonlySet<string> = new Set([...SPECIAL, 'transitional', 'paramsSerializer']);

/** Groups of settings that this package adds to a call's. axios copies them all the way down. */
const OWN_GROUPS: ReadonlySet<string> = new Set(['resilience', 'timeouts', 'cache']);

/** What a call asks for besides its settings. */
interface CallTarget {
  /** In lower case. */
  readonly method: string;
  readonly url: string;
  readonly data: unknown;
  /** Given apart from the config, as with `get(url)`, these come after its settings; else they are among them. */
  readonly isApart: boolean;
}

/**
 * What axios makes of an instance's defaults for one method. axios merges them with the config of each call setting by
 * setting. A plan has axios do that once, and puts a call's settings on top.
 */
export class MergePlan {
  readonly #defaults: Entries;
  readonly #snapshots: readonly Snapshot[];
  readonly #headers: HeaderPlan;
  /** Every setting in axios's order. Of lists and groups, each call gets a copy of its own. */
  readonly #settings: Entries;
  readonly #lists: readonly string[];
  readonly #groups: readonly string[];

  /** @returns undefined for defaults of which axios makes something for each call anew */
  static of(defaults: AxiosDefaults, method: string): MergePlan | undefined {
    if (!areOrdinary(defaults)) return undefined;
    const merged = mergedByAxios(defaults, method);
    if (!merged || groupsOf(defaults.headers).some((name) => Object.hasOwn(merged.headers, name))) return undefined;
    return new MergePlan(defaults, method, merged);
  }

  private constructor(defaults: AxiosDefaults, method: string, merged: Config) {
    this.#defaults = defaults as unknown as Entries;
    const settings = emptyConfig() as Record<string, unknown>;
    for (const [name, value] of Object.entries(defaults)) {
      // A function there becomes an object; whatever else there is comes out as it went in.
      settings[name] = name === 'paramsSerializer' ? merged['paramsSerializer'] : value;
    }
    this.#settings = settings;
    this.#lists = Object.keys(settings).filter((name) => Array.isArray(settings[name]));
    this.#groups = groupsOf(settings).filter((name) => name !== 'headers');
    const headers = defaults.headers as unknown as Record<string, unknown>;
    this.#headers = new HeaderPlan(merged.headers, groupsOf(headers));
    const parts = [defaults, headers, headers['common'], headers[method], ...Object.values(defaults)];
    this.#snapshots = [...new Set(parts)].filter(isGroup).map((part) => new Snapshot(part));
  }

  /** Whether the defaults are what they were: anybody may change them, or what is in them, between two calls. */
  isCurrent(defaults: AxiosDefaults): boolean {
    if ((defaults as unknown as Entries) !== this.#defaults) return false;
    for (const snapshot of this.#snapshots) if (!snapshot.holds()) return false;
    return Object.getOwnPropertySymbols(defaults).length === 0;
  }

  /** @returns undefined for a call of which axios makes something that a plan does not */
  configFor(target: CallTarget, own: Entries | undefined): Config | undefined {
    const config = this.#copyOfSettings();
    const { method, url, isApart } = target;
    const data = copyOfData(target.data);
    let headers: AxiosHeaders | undefined;
    if (own !== undefined) {
      for (const name of Object.keys(own)) {
        const value = own[name];
        if (name === 'url') config.url = url;
        else if (name === 'method') {
          if (isApart || value !== undefined) config.method = method;
        } else if (name === 'data') {
          if (data !== undefined) config.data = data;
        } else if (SPECIAL_IN_CALLS.has(name)) return undefined;
        else if (value === undefined) {
          if (name === 'validateStatus') return undefined; // for axios that is something else than nothing
        } else if (name === 'headers') {
          if (!isHeadersObject(value)) return undefined;
          headers = this.#headers.withCallHeaders(value);
          if (!headers) return undefined;
        } else if (name === 'params') config.params = mergedParams(this.#settings['params'], value);
        else if (OWN_GROUPS.has(name) && !Object.hasOwn(this.#settings, name)) config[name] = copyOfData(value);
        else if (isGroup(value)) return undefined;
        else config[name] = Array.isArray(value) ? value.slice() : value;
      }
    }
    if (isApart) {
      config.method = method;
      config.url = url;
      if (data !== undefined) config.data = data;
    }
    if (config.allowAbsoluteUrls === undefined) config.allowAbsoluteUrls = true;
    config.method = method;
    config.headers = headers ?? this.#headers.fromDefaults();
    return config;
  }

  #copyOfSettings(): Config {
    const config = Object.assign(emptyConfig(), this.#settings) as Config;
    for (const name of this.#lists) config[name] = (this.#settings[name] as unknown[]).slice();
    for (const name of this.#groups) config[name] = { ...(this.#settings[name] as Entries) };
    return config;
  }
}

/** Whether axios would copy it entry by entry. */
function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && mayBePlain(value);
}

function groupsOf(object: object): string[] {
  return Object.entries(object).flatMap(([name, value]) => (isGroup(value) ? [name] : []));
}

function areOrdinary(defaults: AxiosDefaults): boolean {
  return (
    isOrdinaryObject(defaults) &&
    Object.entries(defaults).every(([name, value]) => {
      if (name === 'headers') return areOrdinaryHeaders(value);
      // Set to undefined, a setting is not there, but has its place in the order.
      return value !== undefined && !SPECIAL_IN_DEFAULTS.has(name) && (!isGroup(value) || isFlat(value));
    }) &&
    isOrdinaryObject(defaults.headers)
  );
}

function areOrdinaryHeaders(headers: unknown): boolean {
  if (!isOrdinaryObject(headers)) return false;
  // Of two spellings axios makes one header, but how depends on whether the call has headers of its own.
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  return names.size === Object.keys(headers).length && Object.entries(headers).every(isOrdinaryHeaderOrGroup);
}

function isOrdinaryHeaderOrGroup([name, value]: [string, unknown]): boolean {
  if (!isGroup(value)) return isOrdinaryHeader([name, value]);
  return isOrdinaryObject(value) && Object.entries(value).every(isOrdinaryHeader);
}

function isOrdinaryHeader([name, value]: [string, unknown]): boolean {
  const isLiteral = value === null || ['string', 'number', 'boolean', 'undefined'].includes(typeof value);
  return isLiteral && ordinaryName(name) !== undefined;
}

/** The config for a call that adds nothing but the method, as axios hands it to the transforms. */
function mergedByAxios(defaults: AxiosDefaults, method: string): Config | undefined {
  let merged: Config | undefined;
  const recorder = new Axios() as Axios & AxiosInternals;
  recorder.defaults = defaults;
  // Not `request`, which may have been wrapped to count or trace calls.
  const recorded = recorder._request({
    method,
    transformRequest(this: Config, data: unknown, headers: AxiosHeaders) {
      merged = { ...this, headers: new AxiosHeaders(headers) };
      return data;
    },
    adapter: () => new Promise(() => {}),
  });
  // Only for what axios says of the defaults before that, which it says again when it makes the call itself.
  recorded.catch(() => {});
  return merged;
}
