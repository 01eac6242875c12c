import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { MAX_TIMER_MS } from '../base/clock.js';
import { forgetAsyncId, type HookedSocket, resetAsyncHandle } from './async-hooks.js';
import { type CountedSocket, countResponse, countReuse } from './socket-requests.js';

/** What a lane knows of a request that it gives a socket: Node's `ClientRequest` has it. */
export interface LaneRequest extends Pick<ClientRequest, 'reusedSocket'> {
  onSocket(socket: Socket): void;
}

/** Members of agents that their types leave out. */
export interface LaneAgent {
  readonly sockets: Record<string, Socket[] | undefined>;
  readonly freeSockets: Record<string, LaneSocket[] | undefined>;
  readonly requests: Readonly<Record<string, unknown>>;
  readonly maxSockets: number;
  readonly maxFreeSockets: number;
  listenerCount(event: 'free'): number;
  /** agentkeepalive's: responses that have ended. */
  requestCount: number;
}

/** Who says how long the sockets of a lane are kept. */
export interface LaneKeeper {
  /** Milliseconds, on any clock that does not go back. */
  now(): number;
  /** How long a socket may stay idle, in milliseconds; 0: it is not kept. */
  idleMs(socket: Socket): number;
  /** A socket is idle since then. */
  noteIdle(socket: Socket, now: number): void;
}

/** Key of a socket that a lane has given out: what the lane knows of it. */
const LOAN = Symbol('loan');

/** A socket of an agent with a lane. */
export interface LaneSocket extends CountedSocket, HookedSocket {
  _httpMessage?: { readonly shouldKeepAlive?: boolean } | null;
  [LOAN]?: Loan;
}

/** What a lane knows of a socket. */
class Loan {
  /** Where it was put among the sockets in use; others may have been taken out there since. */
  index = 0;
  /** Whether it is idle, and the lane sees to it that it is closed in time: otherwise it has a timer of its own. */
  isKept = false;
  /** When it is to be closed while it is idle. */
  dueAt = 0;
  /** Whether its event `free` is for the lane first. */
  hearsOfFree = false;
  handleType: number | undefined = undefined;

  constructor(
    readonly lane: LaneSockets,
    /** What the agent calls it. */
    readonly name: string,
  ) {}
}

/**
 * Gives back a socket whose response has ended, of which nothing is left to be read. One that no lane has given out, and one that is not to be
 * kept, goes Node's way.
 */
export function giveBack(socket: Socket): void {
  if (socket.destroyed) return;
  const loan = (socket as LaneSocket)[LOAN];
  if (!loan?.lane.takeBack(socket as LaneSocket, loan)) socket.emit('free');
}

/** An idle socket that fails is not to be given out any more. */
function closeIfIdle(this: LaneSocket): void {
  if (this._httpMessage) return;
  this.destroy();
  this.emit('agentRemove');
}

/**
 * The sockets that a lane has given out, and the way back: what Node and agentkeepalive do for the event `free`, without its six listeners. Of those
 * that are idle, one timer sees which are to be closed, for all of them.
 */
export class LaneSockets {
  readonly #agent: LaneAgent;
  #keeper: LaneKeeper | undefined;
  #listeners = 0;
  #timer: NodeJS.Timeout | undefined;
  /** No idle socket is to be closed sooner. Infinity: there is no timer. */
  #wakesAt = Infinity;

  constructor(agent: LaneAgent) {
    this.#agent = agent;
  }

  keepWith(keeper: LaneKeeper): void {
    this.#keeper = keeper;
    this.#listeners = this.#agent.listenerCount('free');
  }

  /** Whether an idle socket was given back to the lane. */
  isKept(socket: LaneSocket): boolean {
    return socket[LOAN]?.isKept === true;
  }

  /**
   * Does for a request what agents do with an idle socket, but for `ref`, its timer, and Node's number for async hooks, which only `node:http` reads.
   * @returns false, and nothing is done: the socket was not given back to the lane
   */
  reuse(socket: LaneSocket, request: LaneRequest): boolean {
    const loan = socket[LOAN];
    if (!loan?.isKept) return false;
    resetAsyncHandle(socket, loan);
    request.reusedSocket = true;
    countReuse(socket);
    return true;
  }

  /** A request has got an idle socket. */
  given(socket: LaneSocket, name: string): void {
    let loan = socket[LOAN];
    if (!loan) {
      socket[LOAN] = loan = new Loan(this, name);
      socket.on('error', closeIfIdle);
    }
    loan.isKept = false;
    loan.index = (this.#agent.sockets[name] ??= []).push(socket) - 1;
  }

  /**
   * Has the lane take a socket back where Node tells that its response has ended, by the event `free`. Those who listen by now, Node's agent
   * and agentkeepalive, hear of it only where the lane does not: they make names, look through lists and set timers, which is 5 to 10 % of
   * what a GET takes outside of the kernel.
   */
  hearOfFree(socket: LaneSocket): void {
    const loan = socket[LOAN]!;
    if (loan.hearsOfFree) return;
    loan.hearsOfFree = true;
    const others = socket.listeners('free') as (() => void)[];
    const onFree = () => {
      if (socket._httpMessage?.shouldKeepAlive !== false && this.takeBack(socket, loan)) socket.unref();
      else for (const listener of others) listener.call(socket);
    };
    socket.removeAllListeners('free');
    socket.on('free', onFree);
    socket.once('agentRemove', () => socket.removeListener('free', onFree)); // as Node does with its own
  }

  /**
   * As Node does it: https://github.com/nodejs/node/blob/v20.20.2/lib/_http_agent.js, `this.on('free', …)`.
   * @returns whether it is idle now; false: nothing has been done
   */
  takeBack(socket: LaneSocket, loan: Loan): boolean {
    const agent = this.#agent;
    const keeper = this.#keeper;
    const { name } = loan;
    loan.isKept = false; // Node may have given it out
    const inUse = agent.sockets[name];
    if (!inUse || !keeper || agent.listenerCount('free') !== this.#listeners) return false;
    for (const waiting in agent.requests) if (waiting) return false;
    const idle = agent.freeSockets[name];
    const idleCount = idle ? idle.length : 0;
    if (!socket.writable || idleCount + inUse.length > agent.maxSockets || idleCount >= agent.maxFreeSockets)
      return false;
    const idleMs = keeper.idleMs(socket);
    if (idleMs === 0) return false;
    if (!takeOut(inUse, socket, loan.index)) return false;
    if (inUse.length === 0) delete agent.sockets[name];
    if (idle) idle.push(socket);
    else agent.freeSockets[name] = [socket];
    if (socket.timeout) socket.setTimeout(0); // a request's own
    forgetAsyncId(socket);
    socket._httpMessage = null;
    countResponse(socket);
    agent.requestCount++;
    const now = keeper.now();
    keeper.noteIdle(socket, now);
    loan.isKept = true;
    loan.dueAt = now + idleMs;
    if (loan.dueAt < this.#wakesAt) this.#wakeAt(loan.dueAt, now);
    return true;
  }

  /** No idle socket is to be closed later. Once the agent is destroyed, and they with it, nothing is to keep it in memory. */
  forgetDue(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wakesAt = Infinity;
  }

  #wakeAt(at: number, now: number): void {
    clearTimeout(this.#timer);
    this.#wakesAt = at;
    this.#timer = setTimeout(this.#closeDue, Math.min(at - now, MAX_TIMER_MS));
    this.#timer.unref();
  }

  /** Those that have been idle for as long as they may. */
  readonly #closeDue = (): void => {
    this.forgetDue();
    const now = this.#keeper!.now();
    let soonest = Infinity;
    for (const socket of Object.values(this.#agent.freeSockets).flatMap((idle) => idle ?? [])) {
      const loan = socket[LOAN];
      if (!loan?.isKept || socket.destroyed) continue;
      if (loan.dueAt >= now + EARLY_MS) soonest = Math.min(soonest, loan.dueAt);
      else socket.emit('timeout'); // as its own timer would: agentkeepalive closes it
    }
    if (soonest < Infinity) this.#wakeAt(soonest, now);
  };
}

/** Node's timers may fire a fraction of a millisecond early: https://github.com/nodejs/node/issues/26578 */
const EARLY_MS = 1;

/**
 * Takes a socket out of a list, in which the order does not matter.
 * @param likely where it probably is
 */
function takeOut(sockets: Socket[], socket: Socket, likely: number): boolean {
  const index = sockets[likely] === socket ? likely : sockets.lastIndexOf(socket);
  if (index === -1) return false;
  const last = sockets.pop()!;
  if (last === socket) return true;
  sockets[index] = last;
  const moved = (last as LaneSocket)[LOAN];
  if (moved) moved.index = index;
  return true;
}
