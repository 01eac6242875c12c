// The server that every contender calls, in a process of its own. Its answers are made beforehand, so that it is seldom
// the one that is waited for.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { LARGE, SMALL, STREAM_BYTES } from './payloads.mjs';

const HOST = '127.0.0.1'; // no name to look up
const BACKLOG = 4_096; // 500 connect at the same moment
const KEEP_ALIVE_MS = 65_000; // no scenario pauses so long: it is never the upstream that closes a socket

const pem = (name) => readFileSync(fileURLToPath(new URL(`../test/support/tls/${name}.pem`, import.meta.url)));

const small = Buffer.from(JSON.stringify(SMALL));
const large = Buffer.from(JSON.stringify(LARGE));
const largeGzip = gzipSync(large);
const chunk = Buffer.alloc(64 * 1024, 'x');

const ROUTES = {
  'GET /small': (_request, response) => sendJson(response, small),
  'POST /orders': receive,
  'GET /large': (_request, response) => sendJson(response, large),
  'GET /gzip': sendGzip,
  'GET /stream': sendStream,
};

function handle(request, response) {
  const route = ROUTES[`${request.method} ${request.url}`];
  if (route) route(request, response);
  else response.writeHead(404).end();
}

function sendJson(response, body) {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}

function receive(request, response) {
  if (!request.headers['content-type']?.startsWith('application/json')) {
    response.writeHead(415).end();
    return;
  }
  let received = 0;
  request.on('data', ({ length }) => (received += length));
  request.on('end', () => sendJson(response, Buffer.from(JSON.stringify({ received }))));
}

function sendGzip(request, response) {
  if (!request.headers['accept-encoding']?.includes('gzip')) {
    response.writeHead(406).end();
    return;
  }
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-encoding': 'gzip',
    'content-length': largeGzip.length,
  });
  response.end(largeGzip);
}

function sendStream(_request, response) {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': STREAM_BYTES });
  let left = STREAM_BYTES / chunk.length;
  const send = () => {
    let hasRoom = true;
    while (left > 0 && hasRoom) {
      left--;
      hasRoom = response.write(chunk);
    }
    if (left === 0) response.end();
    else response.once('drain', send);
  };
  send();
}

let sockets = 0;
let handshakes = 0;

async function listen(server) {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('connection', () => sockets++).on('secureConnection', () => handshakes++);
  server.listen(0, HOST, BACKLOG);
  await once(server, 'listening');
  return `${HOST}:${server.address().port}`;
}

/**
 * Waking a process costs whoever writes to it, on a virtual machine as much as a third of a request, and only clients that are slower
 * than this server would pay for that. No client does whose upstream is on another machine.
 */
function stayAwake() {
  setImmediate(stayAwake);
}

process.on('disconnect', () => process.exit()); // whoever started this is gone
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send({ sockets, handshakes, cpu: user + system });
});
if (!process.env.UPSTREAM_SLEEPS && availableParallelism() > 1) stayAwake();
const tls = { cert: pem('cert'), key: pem('key') };
process.send({
  http: `http://${await listen(http.createServer(handle))}`,
  https: `https://${await listen(https.createServer(tls, handle))}`,
  h2: `https://${await listen(http2.createSecureServer(tls, handle))}`,
});
