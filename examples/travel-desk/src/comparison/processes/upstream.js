// Somebody else's API, over TLS: it answers at once.
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:https';
import { answerParent, cpuUs } from './parent.js';

/** Longer than a comparison takes, so that it is the client that closes a connection. */
const KEEP_ALIVE_MS = 300_000;
/** As many may connect at the same moment. */
const BACKLOG = 1_024;
const BODY = JSON.stringify({ destination: 'Lisbon', fares: [36, 41, 58], currency: 'EUR' });
const HEADERS = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(BODY) };

/** @type {Set<import('node:stream').Duplex>} */
const connections = new Set();
/** Tells of each connection that closes. */
const closed = new EventEmitter();
let handshakes = 0;

answerParent({
  /**
   * Begins to listen.
   * @param {{ key: string, cert: string }} certificate
   * @returns {Promise<number>} the port
   */
  async listen({ key, cert }) {
    const server = createServer({ key, cert, keepAliveTimeout: KEEP_ALIVE_MS }, (_request, response) => {
      response.writeHead(200, HEADERS).end(BODY);
    });
    server.on('secureConnection', () => handshakes++);
    server.on('connection', (socket) => {
      connections.add(socket);
      socket.once('close', () => {
        connections.delete(socket);
        closed.emit('connection');
      });
    });
    server.listen(0, '127.0.0.1', BACKLOG);
    await once(server, 'listening');
    return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
  },

  /**
   * What it has done so far, once no more than so many connections are open: closing them is a part of the work.
   * @param {{ most: number }} request
   */
  async look({ most }) {
    // oxlint-disable-next-line no-await-in-loop -- each may be the last that is waited for
    while (connections.size > most) await once(closed, 'connection');
    return { handshakes, cpuUs: cpuUs() };
  },
});
