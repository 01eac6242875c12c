import { AddressBlockedError } from '../errors/address-blocked.error.js';
import type { AddressGuard } from '../guard/address-guard.js';
import type { Layer } from './layer.js';

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
