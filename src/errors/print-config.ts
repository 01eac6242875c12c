import type { InternalAxiosRequestConfig } from 'axios';
import { inspect } from 'node:util';
import { addressOf } from '../redaction/address-of.js';
import type { RedactionRules } from '../redaction/redaction-rules.js';
import { hide } from './print-error.js';

/**
 * Has a config that somebody prints by itself, as `logger.error(error.config)` does, show its method and address only. Code reads,
 * changes, copies and sends it as ever. JSON has it as a text, which nobody can take for a config and send without its parameters.
 */
export function printAsAddress(config: InternalAxiosRequestConfig, rules: RedactionRules): void {
  if (Object.hasOwn(config, inspect.custom)) return;
  const shown = () => `${(config.method ?? 'get').toUpperCase()} ${addressOf(config, rules)}`;
  hide(config, inspect.custom, () => `[config of ${shown()}; copy it, as { ...config }, to print its values]`);
  hide(config, 'toJSON', shown);
}
