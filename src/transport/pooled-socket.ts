import type { Agent } from 'node:http';
import type { Clock } from '../base/clock.js';
import { mayHaveLostPeer } from '../base/lost-peer.js';
import { loopTurn } from '../base/turns.js';
import type { Call } from '../call/call.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { Exchange } from './exchange.js';
import type { ExchangeRequest } from './request.js';

export function hasIdleSockets({ freeSockets }: Agent): boolean {
  for (const name in freeSockets) if (freeSockets[name]!.length > 0) return true;
  return false;
}

/**
 * Waits until all sockets have been looked at. A socket that has just become idle, or was for as long as this process was busy, may be closed
 * by its server already, and nobody has seen it yet. A request that may be repeated finds out; another waits here.
 * @param origin whose slot the call holds; given back where the call has ended meanwhile
 * @throws what the call is cancelled with
 */
export async function socketsSeen(origin: string, { cancellation }: Call, pool: ConnectionPool): Promise<void> {
  await loopTurn();
  if (!cancellation.reason) return;
  pool.slots.release(origin);
  throw cancellation.reason;
}

/**
 * Sends a request on an idle socket that the call trusts, or else on a fresh one.
 * @param restedSince the socket is to have been idle since then; Infinity: any will do, that the call trusts
 * @throws what Node refuses the request with
 */
export function sendTrusting(
  exchange: Exchange,
  request: ExchangeRequest,
  agent: Agent,
  { journal }: Call,
  pool: ConnectionPool,
  restedSince: number,
): void {
  const { trustsSince } = journal;
  if (trustsSince === -Infinity) {
    pool.idle.onRested(agent, restedSince, () => exchange.start(request, agent));
    return;
  }
  journal.trustsSince = -Infinity; // one request is enough to find out
  const { wish } = exchange;
  if (pool.idle.hasSince(request.target.origin, agent, trustsSince, wish)) exchange.start(request, agent);
  else pool.idle.onFresh(agent, request.target.origin, () => exchange.start(request, agent));
}

/**
 * Draws the conclusions where a request may have found its pooled socket's peer gone: they hold for other sockets of the pool, and what is
 * next sent for this call gets a fresh one.
 * @returns whether that was known already, from another request
 */
export function isKnownLoss(
  error: unknown,
  { reusedSocket, request, startedAt }: Exchange,
  origin: string,
  { journal }: Call,
  { pool, clock }: { readonly pool: ConnectionPool; readonly clock: Clock },
): boolean {
  if (!reusedSocket || !mayHaveLostPeer(error, clock.now() - startedAt)) return false;
  journal.trustsSince = Infinity;
  return !pool.idle.distrust(origin, request.socket!, startedAt);
}
