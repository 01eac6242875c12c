/** Time the close of an idle socket may be under way before we stop using it (Node's own agent takes the same). */
const CLOSE_TRAVEL_MS = 1_000;

/**
 * How long a socket may stay idle, given the `Keep-Alive` response header (RFC 9112 §9.3, `timeout` in seconds, from
 * draft-thomson-hybi-http-timeout). 0 means: do not keep it.
 */
export function idleAllowance(keepAliveHeader: string | undefined, idleMs: number): number {
  const hint = /(?:^|[,\s])timeout=(\d+)/i.exec(keepAliveHeader ?? '')?.[1];
  if (hint === undefined) return idleMs;
  return Math.max(0, Math.min(idleMs, Number(hint) * 1_000 - CLOSE_TRAVEL_MS));
}
