import { AddressBlockedError } from '../errors/address-blocked.error.js';
import type { Confinement } from '../guard/confinement.js';
import type { Layer } from './layer.js';

/**
 * Refuses calls whose URL leads out of the client's base URL. Where a redirect leads is the upstream's to say.
 * @throws AddressBlockedError
 */
export function confine(isWithin: Confinement): Layer {
  return (next) => (call) =>
    isWithin(call.config) ? next(call) : Promise.reject(AddressBlockedError.outsideBase(call));
}
