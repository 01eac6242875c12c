// The network between client and upstream. To every chunk it adds half of a round trip in each direction, and to the first chunk of a
// connection a whole one more, which TCP's handshake takes: on loopback that one costs nothing.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { answerParent } from './parent.js';

const HOST = '127.0.0.1';
/** As many may connect at the same moment. */
const BACKLOG = 1_024;

/**
 * Passes chunks on in their order, each after its delay.
 * @param {import('node:net').Socket} from
 * @param {import('node:net').Socket} to
 * @param {number} firstDelayMs
 * @param {number} delayMs of all others
 */
function pass(from, to, firstDelayMs, delayMs) {
  /** The oldest first; null: the end. @type {(Buffer | null)[]} */
  const waiting = [];
  let nextDelayMs = firstDelayMs;
  const passOldest = () => {
    const chunk = waiting.shift();
    if (to.destroyed) return;
    if (chunk) to.write(chunk);
    else to.end();
  };
  const later = (/** @type {Buffer | null} */ chunk) => {
    waiting.push(chunk);
    if (nextDelayMs === 0) passOldest();
    else setTimeout(passOldest, nextDelayMs);
    nextDelayMs = delayMs;
  };
  from.on('data', later).on('end', () => later(null));
  from.on('error', () => to.destroy());
}

answerParent({
  /**
   * Begins to listen on ports of its own.
   * @param {{ to: number, roundTripMs: number, ports: number }} request port of the upstream, round trip, and how many ports
   * @returns {Promise<number[]>} the ports
   */
  listen({ to, roundTripMs, ports }) {
    const oneWayMs = roundTripMs / 2;
    const listen = async () => {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
        const upstream = connect({ host: HOST, port: to, noDelay: true, allowHalfOpen: true });
        pass(client, upstream, roundTripMs + oneWayMs, oneWayMs);
        pass(upstream, client, oneWayMs, oneWayMs);
      });
      server.listen(0, HOST, BACKLOG);
      await once(server, 'listening');
      return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
    };
    return Promise.all(Array.from({ length: ports }, listen));
  },
});
