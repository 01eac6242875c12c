/** When an address gets no calls for a while because it fails (Envoy calls it outlier detection). */
export interface EjectionOptions {
  /**
   * Failures in a row after which an address is ejected: failed connects, resets, timeouts and statuses from 500 on, except 501.
   * @default 5 (Envoy's `consecutive_5xx`)
   */
  consecutiveFailures?: number;
  /**
   * How long the first ejection lasts. Each further one in a row lasts as much longer: 30 s, 60 s, 90 s. After that time, one call at a time
   * probes the address: a success brings it back, a failure ejects it again. Each 10 s without an ejection make the next one a step shorter.
   * @default 30_000 milliseconds (Envoy's `base_ejection_time`)
   */
  baseMs?: number;
  /**
   * How long an ejection lasts at most.
   * @default 300_000 milliseconds (Envoy's `max_ejection_time`)
   */
  maxMs?: number;
  /**
   * Share of the addresses that can be ejected at the same time, from 0 to 1. One always can.
   * @default 0.1 (Envoy's `max_ejection_percent`)
   */
  maxShare?: number;
  /**
   * Share of the addresses, from 0 to 1, below which ejection is ignored: if fewer than these are left, calls go to all of them (panic).
   * @default 0.5 (Envoy's `healthy_panic_threshold`)
   */
  panicShare?: number;
}

/** Where the addresses of an origin come from, and how calls are spread over them. */
export interface AddressesOptions {
  /**
   * Addresses that stay as they are: IP addresses, each with a port of its own where that is another than the origin's (`10.0.0.7`, `10.0.0.7:8080`,
   * `[fd00::7]:8080`).
   * @default none: the host is resolved
   */
  list?: readonly string[];
  /**
   * Finds the addresses in place of DNS, as from a service registry. Takes the host of the origin; returns addresses as in `list`. No addresses, or an error
   * with the code `ENOTFOUND`, mean that there are none: calls fail. After another error the last known addresses stay in use.
   * @default `dns.lookup`, which asks the system
   */
  resolve?: (host: string) => readonly string[] | Promise<readonly string[]>;
  /**
   * How old addresses may be. Calls cause look-ups: from half of this age on in the background, beyond it they wait for one. After a failed connect the next
   * look-up comes within a second. Without calls nothing is looked up.
   * @default 10_000 milliseconds (so DNS is asked every 5 s, Envoy's `dns_refresh_rate`)
   */
  resolveMs?: number;
  /**
   * Ejects addresses that fail. `true`: with the defaults.
   * @default on
   */
  ejection?: boolean | EjectionOptions;
}

/** `EjectionOptions`, resolved. */
export type EjectionSettings = Readonly<Required<EjectionOptions>>;

/** `AddressesOptions`, resolved. */
export interface AddressSettings {
  readonly list: readonly string[] | undefined;
  readonly resolve: AddressesOptions['resolve'];
  readonly resolveMs: number;
  readonly ejection: EjectionSettings | false;
}

export const EJECTION_DEFAULTS: EjectionSettings = Object.freeze({
  consecutiveFailures: 5,
  baseMs: 30_000,
  maxMs: 300_000,
  maxShare: 0.1,
  panicShare: 0.5,
});

const RESOLVE_MS = 10_000;

export function resolveAddresses(given: boolean | AddressesOptions | undefined): AddressSettings | false {
  if (!given) return false;
  const { list, resolve, resolveMs = RESOLVE_MS, ejection = true } = given === true ? {} : given;
  return Object.freeze({
    list: list && Object.freeze([...list]),
    resolve,
    resolveMs,
    ejection: resolveEjection(ejection),
  });
}

function resolveEjection(given: boolean | EjectionOptions): EjectionSettings | false {
  if (given === false) return false;
  const chosen = given === true ? [] : Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.freeze({ ...EJECTION_DEFAULTS, ...Object.fromEntries(chosen) });
}
