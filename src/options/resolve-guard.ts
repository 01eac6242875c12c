/** What the address guard lets through, and what it refuses besides the special ranges. See docs/security.md. */
export interface GuardOptions {
  /**
   * Hosts that may have any address but those of `blockCidrs`, as `billing.internal`, `127.0.0.1` or, for every host below it,
   * `*.internal`. Whoever can change their DNS decides where they lead.
   * @default none
   */
  allowHosts?: readonly string[];
  /**
   * Ranges that may be called although they are special, as `10.20.0.0/16` or `fd12:3456::/32`.
   * @default none
   */
  allowCidrs?: readonly string[];
  /**
   * Ranges that may not be called, whatever else lets them through: public ones of your own network, or those that your network
   * translates into IPv4.
   * @default none
   */
  blockCidrs?: readonly string[];
  /**
   * Ports that may be called, of every host.
   * @default [80, 443]; `false`: any
   */
  allowPorts?: readonly number[] | false;
}

/** With nothing left to default. */
export type GuardSettings = Readonly<Required<GuardOptions>>;

export const GUARD_DEFAULTS: GuardSettings = Object.freeze({
  allowHosts: Object.freeze([]),
  allowCidrs: Object.freeze([]),
  blockCidrs: Object.freeze([]),
  allowPorts: Object.freeze([80, 443]),
});

/**
 * Puts what is given on top of what is inherited, option by option.
 * @returns what is inherited itself where nothing else is asked for: clients with one guard may share a pool
 */
export function resolveGuard(
  given: boolean | GuardOptions | undefined,
  inherited: GuardSettings | false,
): GuardSettings | false {
  if (given === undefined || given === null) return inherited; // null has its problem listed
  if (given === false) return false;
  const chosen = Object.entries(given).filter(([, value]) => value !== undefined);
  if (chosen.length === 0) return inherited || GUARD_DEFAULTS;
  const copied = chosen.map(([name, value]) => [name, Array.isArray(value) ? Object.freeze([...value]) : value]);
  return Object.freeze({ ...(inherited || GUARD_DEFAULTS), ...Object.fromEntries(copied) });
}
