import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.js';
import type { Sharing } from '../../base/slots.js';
import { mayShare } from '../agents.js';
import { type Http2Module, sessionOn } from './session.js';
import { type OriginProtocol, SessionLane } from './session-lane.js';

/** Where a stream is to lead. */
export interface StreamTarget {
  /** Whose slot its exchange holds. */
  readonly origin: string;
  /** Tells apart, among the requests of an agent to one origin, those that must not share a socket. */
  readonly lane: string;
  readonly authority: string;
  readonly host: string | undefined;
  readonly maxHeaderBytes: number;
  readonly isRequired: boolean;
  /** What the agent is to open; made anew each time. */
  readonly optionsOf: () => object;
}

export interface SessionsSettings {
  readonly clock: Clock;
  /** To one origin. */
  readonly maxSockets: number;
  /** Told when what `Sharing` says of an origin has changed. */
  readonly sharingChanged: (origin: string) => void;
}

/** Origins and lanes that are remembered; beyond it, those that nobody uses are forgotten. */
const MAX_REMEMBERED = 1_000;

const ofAgents = new WeakMap<Agent, Sessions>();

/** The HTTP/2 sessions of a pool. */
export class Sessions implements Sharing {
  readonly #settings: SessionsSettings;
  /** Origin → what it speaks, the one used last at the end. */
  readonly #protocols = new Map<string, OriginProtocol>();
  /** Agent → lane → its sessions. */
  readonly #lanes = new WeakMap<Agent, Map<string, SessionLane>>();

  constructor(settings: SessionsSettings) {
    this.#settings = settings;
  }

  /** Those that an agent's sockets belong to. */
  static of(agent: Agent): Sessions {
    return ofAgents.get(agent)!;
  }

  /** Its sockets may carry sessions. */
  adopt(agent: Agent): void {
    ofAgents.set(agent, this);
  }

  lane(agent: Agent, target: StreamTarget, http2: Http2Module): SessionLane {
    let lanes = this.#lanes.get(agent);
    if (!lanes) this.#lanes.set(agent, (lanes = new Map<string, SessionLane>()));
    const key = target.lane;
    let lane = lanes.get(key);
    if (lane) return lane;
    const { clock, maxSockets, sharingChanged } = this.#settings;
    const { origin } = target;
    lane = new SessionLane({
      ...target,
      http2,
      clock,
      agent,
      maxSockets,
      protocolOf: () => this.#protocolOf(origin),
      protocolChanged: () => sharingChanged(origin),
      mayShare: (socket) => mayShare(agent, socket),
    });
    if (lanes.size >= MAX_REMEMBERED) forget(lanes, ({ isUnused }) => isUnused);
    lanes.set(key, lane);
    return lane;
  }

  perSocket(origin: string): number {
    return this.#protocols.get(origin)?.perSocket ?? 1;
  }

  socketsInUse(origin: string): number {
    return this.#protocols.get(origin)?.inUse ?? 0;
  }

  #protocolOf(origin: string): OriginProtocol {
    let protocol = this.#protocols.get(origin);
    if (!protocol) {
      protocol = { perSocket: undefined, inUse: 0, short: new Set() };
      if (this.#protocols.size >= MAX_REMEMBERED) forget(this.#protocols, ({ inUse }) => inUse === 0);
      this.#protocols.set(origin, protocol);
    }
    return protocol;
  }
}

/** The longest unused ones first. */
function forget<Value>(known: Map<string, Value>, isUnused: (value: Value) => boolean): void {
  for (const [key, value] of known) {
    if (known.size < MAX_REMEMBERED) return;
    if (isUnused(value)) known.delete(key);
  }
}

/** The peer of a socket may be gone: a session on it has to show that it is not, unless it was heard of after this time. */
export function suspect(socket: Socket, since: number): void {
  sessionOn(socket)?.suspect(since);
}
