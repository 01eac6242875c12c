// A TCP relay in a process of its own. It adds a round trip: half of it to every chunk in each direction, and a whole one, that of TCP's handshake, to
// the first chunk of a connection.
import net from 'node:net';

const HOST = '127.0.0.1';
const target = Number(process.env.RELAY_TO);
const roundTripMs = Number(process.env.ROUND_TRIP_MS);

/** Passes chunks on in their order, each after its delay. */
function relay(from, to, firstDelayMs) {
  const waiting = [];
  let delayMs = firstDelayMs;
  const pass = () => {
    const chunk = waiting.shift();
    if (to.destroyed) return;
    if (chunk === undefined) to.end();
    else to.write(chunk);
  };
  const later = (chunk) => {
    waiting.push(chunk); // whichever timer fires first passes the oldest
    if (delayMs === 0) pass();
    else setTimeout(pass, delayMs);
    delayMs = roundTripMs / 2;
  };
  from.on('data', later).on('end', () => later(undefined));
  from.on('error', () => to.destroy()).on('close', () => setTimeout(() => to.destroy(), roundTripMs));
}

const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
  const upstream = net.connect({ host: HOST, port: target, noDelay: true, allowHalfOpen: true });
  relay(client, upstream, roundTripMs * 1.5);
  relay(upstream, client, roundTripMs / 2);
});
server.listen(0, HOST, 4_096, () => process.send(server.address().port));
process.on('disconnect', () => process.exit()); // whoever started this is gone
