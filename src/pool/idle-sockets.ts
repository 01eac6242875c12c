import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { ResolvedPoolOptions } from '../options/resolve-options.js';
import { addressOf } from './addresses/address.js';
import { idleSince } from './agents.js';
import { closeIdleSocket } from './early-end.js';
import type { SocketWish } from './fast-lane.js';
import { suspect } from './http2/sessions.js';
import type { PoolAgents } from './pool-agents.js';
import { openingOf } from './socket-opening.js';
import { openOf, type SocketLedger } from './sockets.js';

const ANY: SocketWish = {};

/** Which idle sockets of a pool a request may have, and which are to be closed. Agents keep them, and give them out. */
export class IdleSockets {
  readonly #agents: Pick<PoolAgents, 'closeIdle' | 'closeOneIdle'>;
  readonly #ledger: SocketLedger;
  readonly #limits: ResolvedPoolOptions;
  /** Shows again what is hidden from an agent that chooses a socket. */
  #putBack: (() => void) | undefined;

  constructor(
    agents: Pick<PoolAgents, 'closeIdle' | 'closeOneIdle'>,
    ledger: SocketLedger,
    limits: ResolvedPoolOptions,
  ) {
    this.#agents = agents;
    this.#ledger = ledger;
    this.#limits = limits;
  }

  /**
   * Runs `send` as if no socket were idle and none too many, so that the request it makes on this agent gets a new one.
   * @param origin that it is sent to
   */
  onFresh<Result>(chosen: Agent, origin: string, send: () => Result): Result {
    // Node chooses the socket while the request is made, so nothing else can come in between.
    const agent = chosen as { -readonly [Key in keyof Agent]: Agent[Key] };
    this.makeRoom(origin); // the agent will not see its idle sockets
    const { freeSockets, maxSockets } = agent;
    agent.freeSockets = {};
    agent.maxSockets = Infinity;
    try {
      return send();
    } finally {
      agent.freeSockets = freeSockets;
      agent.maxSockets = maxSockets;
    }
  }

  /**
   * Runs `send` as if no socket had become idle since a time, so that the request it makes on this agent gets one that was idle before, or a
   * new one. Idle sockets to a peer that ends them soon after a response are closed: each may be ended already.
   */
  onRested<Result>(agent: Agent, since: number, send: () => Result): Result {
    const { freeSockets } = agent as { freeSockets: Record<string, Socket[]> };
    const kept: [name: string, sockets: Socket[]][] = [];
    for (const [name, sockets] of Object.entries(freeSockets)) {
      if (this.#ledger.endsEarly(sockets[0]!)) for (const socket of sockets.splice(0)) closeIdleSocket(socket);
      let rested = sockets.length;
      while (rested > 0 && idleSince(sockets[rested - 1]!) > since) rested--; // the newest are last
      if (rested < sockets.length) kept.push([name, sockets.splice(rested)]);
    }
    const putBack = () => {
      for (const [name, sockets] of kept.splice(0)) (freeSockets[name] ??= []).push(...sockets);
    };
    this.#putBack = putBack;
    try {
      return send();
    } finally {
      this.#putBack = undefined;
      putBack();
    }
  }

  /**
   * A request on a pooled socket has ended without a sign of its peer, which may be gone. Idle sockets to the same address that were not
   * heard from since would fare no better: they are closed.
   * @param sentAt when the request was sent, on the pool's clock
   * @returns whether that is news: requests that were under way when it was found out tell the same once more
   */
  distrust(origin: string, socket: Socket, sentAt: number): boolean {
    const peer = openingOf(socket)?.peer;
    const address = addressOf(socket);
    const siblings = this.#ledger.socketsOf(origin);
    const hasSamePeer = (idle: Socket) => openingOf(idle)?.peer === peer && addressOf(idle) === address;
    this.#agents.closeIdle((idle) => siblings.has(idle) && idleSince(idle) <= sentAt && hasSamePeer(idle));
    for (const sibling of siblings) if (hasSamePeer(sibling)) suspect(sibling, sentAt);
    return this.#ledger.lost(origin, address, sentAt);
  }

  /**
   * Closes the idle sockets to an origin.
   * @returns how many
   */
  closeTo(origin: string): number {
    const ofOrigin = this.#ledger.socketsOf(origin);
    return this.#agents.closeIdle((idle) => ofOrigin.has(idle));
  }

  /**
   * Whether an agent would give a request to this origin an idle socket that was heard from after this time.
   * @param wish which of them the request wants
   */
  hasSince(origin: string, agent: Agent, time: number, { address, scheduling }: SocketWish = ANY): boolean {
    const sockets = this.#ledger.socketsOf(origin);
    const place = (scheduling ?? this.#limits.scheduling) === 'fifo' ? 0 : -1;
    return Object.values(agent.freeSockets).some((idle) => {
      const first = idle?.at(place); // it is given out first
      return first !== undefined && sockets.has(first) && addressOf(first) === address && idleSince(first) > time;
    });
  }

  /**
   * Closes an idle socket where another is to be opened and there are as many as there may be. There is one: those in use have a slot each, and so has
   * this one.
   * @param origin what it is opened to: idle sockets to it may be no use to the request, as those to another address, or of another engine
   */
  makeRoom(origin: string): void {
    this.#putBack?.(); // the choice is made, and one of these may have to go
    const { maxTotalSockets, maxSockets } = this.#limits;
    const ofOrigin = this.#ledger.socketsOf(origin);
    if (openOf(ofOrigin) >= maxSockets) this.#agents.closeOneIdle((idle) => ofOrigin.has(idle));
    if (maxTotalSockets !== false && this.#ledger.openCount >= maxTotalSockets) this.#agents.closeOneIdle();
  }
}
