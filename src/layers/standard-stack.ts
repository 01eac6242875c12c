import type { Clock } from '../clock.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { admission } from './admission.js';
import { attemptTimeout } from './attempt-timeout.js';
import type { Layer } from './layer.js';

/** THE order of the layers, outermost first. */
export function standardStack(pool: ConnectionPool, clock: Clock): readonly Layer[] {
  return [
    admission(pool), // outermost: whatever a layer below waits for, the call is in flight and a closing pool can end it
    attemptTimeout(clock), // innermost: times one exchange, not what surrounds it
  ];
}
