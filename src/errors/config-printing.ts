import type { InternalAxiosRequestConfig } from 'axios';
import { inspect } from 'node:util';
import type { RedactionRules } from '../redaction/rules.js';
import { addressOf } from '../redaction/url.js';
import { hide } from './http-client.error.js';

/**
 * Has a config that somebody prints by itself, as `logger.error(error.config)` does, show its method and address only. Code reads,
 * changes, copies and sends it as ever. JSON has it as a text, which nobody can take for a config and send without its parameters.
 */
export function printAsAddress(config: InternalAxiosRequestConfig, rules: RedactionRules): void {
  if (isPrintedAsAddress(config)) return;
  let printing = printers.get(rules);
  if (!printing) printers.set(rules, (printing = printersFor(rules)));
  hide(config, inspect.custom, printing.inspected);
  hide(config, 'toJSON', printing.asJson);
}

/** Whether nothing is to be done: also where there is no config. */
export function isPrintedAsAddress(config: InternalAxiosRequestConfig | undefined): boolean {
  return !config || Object.hasOwn(config, inspect.custom);
}

interface Printing {
  readonly inspected: (this: InternalAxiosRequestConfig) => string;
  readonly asJson: (this: InternalAxiosRequestConfig) => string;
}

/** The same two for all configs: V8 then knows what such a config looks like. */
const printers = new WeakMap<RedactionRules, Printing>();

function printersFor(rules: RedactionRules): Printing {
  const shown = (config: InternalAxiosRequestConfig) =>
    `${(config.method ?? 'get').toUpperCase()} ${addressOf(config, rules)}`;
  return {
    inspected: function inspected() {
      return `[config of ${shown(this)}; copy it, as { ...config }, to print its values]`;
    },
    asJson: function asJson() {
      return shown(this);
    },
  };
}
