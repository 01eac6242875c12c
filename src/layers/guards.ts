import type { Call, Layer } from '../call/call.js';
import { watching } from '../call/compose.js';
import { AddressBlockedError } from '../errors/refusal.errors.js';
import type { AddressGuard } from '../guard/address-guard.js';
import type { Confinement } from '../guard/confinement.js';

/**
 * Refuses calls whose URL says by itself that it may not be called, before they cost anything. Names are judged when they are
 * resolved, for each socket, and redirects when they come: by the pool and the transport.
 * @throws AddressBlockedError
 */
export function guard({ judgeOrigin }: Pick<AddressGuard, 'judgeOrigin'>): Layer {
  return refusing((call) => {
    const rule = judgeOrigin(call.origin);
    return rule === undefined ? undefined : new AddressBlockedError(call, rule);
  });
}

/**
 * Refuses calls whose URL leads out of the client's base URL. Where a redirect leads is the upstream's to say.
 * @throws AddressBlockedError
 */
export function confine(isWithin: Confinement): Layer {
  return refusing((call) => (isWithin(call.config) ? undefined : AddressBlockedError.outsideBase(call)));
}

/** Lets the other calls pass in the frame of its neighbours. */
function refusing(errorOf: (call: Call) => Error | undefined): Layer {
  return watching({
    begin(call) {
      const error = errorOf(call);
      if (error) throw error;
      return undefined;
    },
    end: () => {},
  });
}
