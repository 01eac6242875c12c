import type { AxiosError, InternalAxiosRequestConfig } from 'axios';
import type { RedactionRules } from '../redaction/rules.js';
import { isPrintedAsAddress } from './config-printing.js';

/** What is known of the call that an error has ended. */
export interface FailedCall {
  readonly rules: RedactionRules;
  readonly clientName: string;
  /** Undefined: what the error has. */
  readonly config: InternalAxiosRequestConfig | undefined;
}

/** Where errors of axios, Node and follow-redirects keep what was sent and received. `input` and `base` are URLs, `rawPacket` an answer. */
export const DETAILS = ['config', 'request', 'response', 'rawPacket', 'input', 'base'] as const;

/** What was found of an error when it was concealed before: what has not changed is not judged again, up to four times for each failed call. */
export interface Findings {
  /** Its message, once its texts were redacted. */
  message: string | undefined;
  rules: RedactionRules;
  config: InternalAxiosRequestConfig | undefined;
  /** Its `url`, where that was made for it. */
  url: string | undefined;
  /** The names of its properties. */
  names: readonly PropertyKey[];
  /** In that order the texts and numbers without a secret of these rules and this config, and what else is none; UNKNOWN for all that may have one. */
  values: readonly unknown[];
  /** Whether it has nothing but these, and what is hidden: no object that may have changed within, and no error. */
  isPlain: boolean;
}

/** In place of a value that is to be judged each time. */
export const UNKNOWN = Symbol('unknown');

const findings = new WeakMap<Error, Findings>();

export function findingsOf(error: Error, { rules, config }: FailedCall): Findings {
  let found = findings.get(error);
  if (!found) {
    found = { message: undefined, rules, config, url: undefined, names: [], values: [], isPlain: false };
    findings.set(error, found);
  } else if (found.rules !== rules || found.config !== config) {
    found.rules = rules;
    found.config = config;
    found.url = undefined;
    found.names = [];
    found.values = [];
    found.isPlain = false;
  }
  return found;
}

/** Whether an error is what it was when it was concealed for the same call, so that there is nothing to do. */
export function isAsFound(error: Error, { rules, config }: FailedCall): boolean {
  const found = findings.get(error);
  if (!found?.isPlain || found.rules !== rules || found.config !== config) return false;
  try {
    return found.message === error.message && hasAll(error, found) && hidesDetails(error);
  } catch {
    return false; // a getter that was made of a property since; whoever prints the error calls it, too
  }
}

function hasAll(error: Error, { names, values }: Findings): boolean {
  const present = Reflect.ownKeys(error);
  if (present.length !== names.length) return false;
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    if (present[i] !== name || (values[i] !== UNKNOWN && Reflect.get(error, name) !== values[i])) return false;
  }
  return true;
}

function hidesDetails(error: Error): boolean {
  if (DETAILS.some((name) => Object.prototype.propertyIsEnumerable.call(error, name))) return false;
  const { response, config } = error as Partial<AxiosError>;
  return isPrintedAsAddress(config) && isPrintedAsAddress(response?.config);
}
