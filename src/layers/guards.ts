import type { Layer } from '../call/call.js';
import { AddressBlockedError } from '../errors/refusal.errors.js';
import type { AddressGuard } from '../guard/address-guard.js';
import type { Confinement } from '../guard/confinement.js';

/**
 * Refuses calls whose URL says by itself that it may not be called, before they cost anything. Names are judged when they are
 * resolved, for each socket, and redirects when they come: by the pool and the transport.
 * @throws AddressBlockedError
 */
export function guard({ judgeOrigin }: Pick<AddressGuard, 'judgeOrigin'>): Layer {
  return (next) => (call) => {
    const rule = judgeOrigin(call.origin);
    return rule === undefined ? next(call) : Promise.reject(new AddressBlockedError(call, rule));
  };
}

/**
 * Refuses calls whose URL leads out of the client's base URL. Where a redirect leads is the upstream's to say.
 * @throws AddressBlockedError
 */
export function confine(isWithin: Confinement): Layer {
  return (next) => (call) =>
    isWithin(call.config) ? next(call) : Promise.reject(AddressBlockedError.outsideBase(call));
}
