import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { AddressGuard } from '../guard/address-guard.js';
import { AddressRefusal } from '../guard/address-refusal.js';
import type { AgentInternals, SocketTarget } from './owned-agent.js';

/**
 * Has an agent connect only where its guard lets it: the host and port asked for, each address that DNS has for it, and the
 * address that the socket is connected to in the end, before anything is sent.
 * @throws AddressRefusal as the error of the request
 */
export function guardConnections(agent: Agent, guard: AddressGuard): void {
  const internals = agent as unknown as AgentInternals;
  const createConnection = internals.createConnection.bind(agent);
  internals.createConnection = (target, callback) => {
    const rule = guard.judgeTarget(target);
    if (rule !== undefined) {
      callback(new AddressRefusal(rule));
      return undefined;
    }
    // The agent's own copy of the options; whatever look-up the request brought is not asked.
    Object.assign(target, { lookup: guard.lookup });
    const socket = createConnection(target, callback);
    // First: TLS and HTTP send what they have to send when they hear of the same event.
    socket?.prependOnceListener('connect', () => judgeConnected(socket, target, guard));
    return socket;
  };
}

/** In case it is not what the look-up has let through. */
function judgeConnected(socket: Socket, { host }: SocketTarget, guard: AddressGuard): void {
  const { remoteAddress } = socket;
  // The other side is gone already.
  if (remoteAddress === undefined) {
    socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    return;
  }
  const rule = guard.judgeAddress(host ?? 'localhost', remoteAddress);
  if (rule !== undefined) socket.destroy(new AddressRefusal(rule));
}
