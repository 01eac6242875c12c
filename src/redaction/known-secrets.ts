import type { InternalAxiosRequestConfig } from 'axios';
import { REDACTED, type RedactionRules } from './redaction-rules.js';

/** Shorter ones would take ordinary words out of messages. */
const MIN_LENGTH = 8;
/** Of parameters in parameters, which may turn in a circle. */
const MAX_DEPTH = 5;
const CREDENTIALS = /^\S+ +(.+)$/;
const USERINFO = /^[a-z][a-z\d+.-]*:\/\/([^/\\?#]*)@/i;
const PAIR = /[?&;#]([^=?&;#]+)=([^?&;#]*)/g;

/**
 * The secrets that a call was made with, as they are known: the values of secret headers and parameters, passwords. For texts
 * in which they cannot be told by their form, as in the message of an error that a transform throws.
 */
export function knownSecrets(config: InternalAxiosRequestConfig, rules: RedactionRules): readonly string[] {
  const secrets = new Set<string>();
  const add = (value: unknown) => {
    if (Array.isArray(value)) value.forEach(add);
    else if (typeof value === 'string' && value.length >= MIN_LENGTH) secrets.add(value);
  };
  addHeaders(config, rules, add);
  addParams(config.params, rules, add);
  add(config.auth?.password);
  if (config.proxy) add(config.proxy.auth?.password);
  for (const url of [config.url, config.baseURL]) if (typeof url === 'string') addUrl(url, rules, add);
  // One may be part of another.
  return [...secrets].toSorted((a, b) => b.length - a.length);
}

/** A text without them. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let result = text;
  for (const secret of secrets) if (result.includes(secret)) result = result.replaceAll(secret, REDACTED);
  return result;
}

type Add = (value: unknown) => void;

function addHeaders({ headers }: InternalAxiosRequestConfig, rules: RedactionRules, add: Add): void {
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (!rules.isSecretHeader(name)) continue;
    add(value);
    // What follows the scheme, as in `Bearer …`, also by itself.
    if (typeof value === 'string') add(CREDENTIALS.exec(value)?.[1]);
  }
}

function addParams(params: unknown, rules: RedactionRules, add: Add, depth = 0): void {
  if (typeof params !== 'object' || params === null || depth === MAX_DEPTH) return;
  const entries = params instanceof URLSearchParams ? params.entries() : Object.entries(params);
  for (const [name, value] of entries) {
    if (rules.isSecretParam(name)) add(value);
    addParams(value, rules, add, depth + 1);
  }
}

function addUrl(url: string, rules: RedactionRules, add: Add): void {
  const userinfo = USERINFO.exec(url)?.[1];
  if (userinfo !== undefined) {
    const password = userinfo.slice(userinfo.indexOf(':') + 1);
    add(password);
    add(decoded(password));
  }
  for (const [, name, value] of url.matchAll(PAIR)) {
    if (!rules.isSecretParam(decoded(name!))) continue;
    add(value);
    add(decoded(value!));
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
