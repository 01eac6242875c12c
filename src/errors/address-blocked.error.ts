import type { Call } from '../layers/layer.js';
import { HttpClientError } from './http-client.error.js';

/** A call leads where the client's `guard` or `confine` does not let it. It says nothing of what DNS answered. */
export class AddressBlockedError extends HttpClientError {
  declare readonly code: 'ERR_ADDRESS_BLOCKED';
  /**
   * Which rule: a kind of address (`loopback`, `private`, `link-local`… as in docs/security.md), `blockCidrs` (with the range where
   * the call itself names the address), `scheme`, `port`, `unix socket`, `outside baseURL`, or, for a call that brings what the guard
   * has no say in, `setting` and its name.
   */
  readonly rule: string;

  /** @param isUnderWay whether an attempt had begun: it leads there by DNS or by a redirect */
  constructor(call: Call, rule: string, isUnderWay = false) {
    const what = isUnderWay ? 'it leads, by DNS or a redirect, where the client may not call' : 'it may not be called';
    super('ERR_ADDRESS_BLOCKED', `${what}: ${rule}; see docs/security.md`, call, isUnderWay);
    this.rule = rule;
  }

  static outsideBase(call: Call): AddressBlockedError {
    return new AddressBlockedError(call, 'outside baseURL');
  }

  static bySetting(call: Call, setting: string): AddressBlockedError {
    return new AddressBlockedError(call, `setting ${setting}`);
  }

  /** Whether the code that made the call is at fault, rather than the address that it was given. */
  get isMisuse(): boolean {
    return this.rule.startsWith('setting ');
  }
}
