/**
 * How evenly the calls of one client reach the servers behind a name: through a balancer that assigns connections, with `pool.scheduling` 'lifo' and
 * 'fifo', and with `addresses`. Counts only: the speed of the machine makes no difference.
 *
 *   npm run balance [-- rounds]
 */
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { once } from 'node:events';
import { createServer } from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { getHttpClientToken, HttpClientModule, HttpClients } from '../dist/index.js';
import { median } from './statistics.mjs';

const PODS = 5;
/** Calls at once at the beginning, as after a deploy: so many sockets are opened. */
const PEAK = 26;
const CALLS = 500;
const SERVICE_MS = 2;
const LOADS = { 'One call after the other': 1, 'Five calls at once': 5, [`${PEAK} calls at once`]: PEAK };
/** Where sockets that are not used for so long are closed, one call comes after each pause. */
const IDLE_MS = 1_500;
const PAUSE_MS = 20;
const CALLS_AFTER_PEAK = 100;
const NAME = 'http://orders.test';

const rounds = Number(process.argv[2] ?? 9);

class Pod {
  requests = 0;
  #server = createServer((_, response) => {
    this.requests++;
    void sleep(Math.random() * 2 * SERVICE_MS).then(() => response.end('ok'));
  });

  async listen() {
    this.#server.keepAliveTimeout = 60_000;
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this.#server.address().port;
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** An L4 balancer: it chooses a pod for each connection, at random as kube-proxy does. */
async function startBalancer(ports) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    const upstream = net.connect(ports[Math.floor(Math.random() * ports.length)], '127.0.0.1');
    for (const end of [socket, upstream]) {
      sockets.add(end);
      end.on('error', () => {});
      end.once('close', () => {
        sockets.delete(end);
        socket.destroy();
        upstream.destroy();
      });
    }
    socket.pipe(upstream).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { port: server.address().port, close };
}

const WAYS = {
  "balancer, scheduling 'lifo'": (balancer) => ({ addresses: { list: [balancer] }, pool: { scheduling: 'lifo' } }),
  "balancer, scheduling 'fifo'": (balancer) => ({ addresses: { list: [balancer] }, pool: { scheduling: 'fifo' } }),
  '`addresses`': (_, pods) => ({ addresses: { list: pods } }),
};

async function startClient(origin, idleMs = 30_000) {
  class App {}
  const pool = { idleMs };
  Module({ imports: [HttpClientModule.forRoot({ baseURL: NAME, logging: false, pool, origins: { [NAME]: origin } })] })(
    App,
  );
  const app = await NestFactory.createApplicationContext(App, { logger: false });
  const openSockets = () => {
    const { active, idle } = app.get(HttpClients).stats().pool.total;
    return active + idle;
  };
  return { client: app.get(getHttpClientToken()), openSockets, close: () => app.close() };
}

/** @returns the calls that each pod got, the busiest first */
async function turn(way, concurrency) {
  const pods = Array.from({ length: PODS }, () => new Pod());
  const ports = await Promise.all(pods.map((pod) => pod.listen()));
  const balancer = await startBalancer(ports);
  const at = (port) => `127.0.0.1:${port}`;
  const { client, close } = await startClient(WAYS[way](at(balancer.port), ports.map(at)));
  try {
    await Promise.all(Array.from({ length: PEAK }, () => client.get('/')));
    for (const pod of pods) pod.requests = 0;
    let left = CALLS;
    const caller = async () => {
      while (left-- > 0) await client.get('/');
    };
    await Promise.all(Array.from({ length: concurrency }, caller));
    return pods.map(({ requests }) => requests).toSorted((a, b) => b - a);
  } finally {
    await close();
    balancer.close();
    for (const pod of pods) pod.close();
  }
}

/** What becomes of the sockets of a peak, and for how long those lay idle that calls get. */
async function afterPeak(scheduling) {
  const pod = new Pod();
  const list = [`127.0.0.1:${await pod.listen()}`];
  const { client, openSockets, close } = await startClient({ addresses: { list }, pool: { scheduling } }, IDLE_MS);
  const usedAt = new WeakMap();
  const idle = [];
  const call = async () => {
    const { request } = await client.get('/');
    const now = performance.now();
    if (usedAt.has(request.socket)) idle.push(now - usedAt.get(request.socket));
    usedAt.set(request.socket, now);
  };
  try {
    await Promise.all(Array.from({ length: PEAK }, call));
    for (let left = CALLS_AFTER_PEAK; left > 0; left--) {
      await sleep(PAUSE_MS);
      await call();
    }
    return [`'${scheduling}'`, openSockets(), `${median(idle).toFixed(0)} ms`];
  } finally {
    await close();
    pod.close();
  }
}

const imbalance = (requests) => requests[0] / (CALLS / PODS);
const times = (ratio) => `${ratio.toFixed(2)}x`;

async function table(concurrency) {
  const results = new Map(Object.keys(WAYS).map((way) => [way, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [way, turns] of results) turns.push(await turn(way, concurrency));
  }
  const rows = Array.from(results, ([way, turns]) => {
    const ratios = turns.map(imbalance);
    const typical = turns.toSorted((a, b) => imbalance(a) - imbalance(b))[Math.floor(rounds / 2)];
    const range = `[${times(Math.min(...ratios))}–${times(Math.max(...ratios))}]`;
    return [way, `${times(median(ratios))} ${range}`, typical.join(' / ')];
  });
  return asTable(['', 'busiest pod / mean', 'calls to each pod, in the round in the middle'], rows);
}

function asTable(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

console.log(
  `${PODS} pods; ${PEAK} sockets are opened, then ${CALLS} calls are made. Medians of ${rounds} rounds, [least–most].`,
);
for (const [load, concurrency] of Object.entries(LOADS)) console.log(`\n${load}\n\n${await table(concurrency)}`);

const kept = [await afterPeak('lifo'), await afterPeak('fifo')];
console.log(
  `\nAfter a peak of ${PEAK} calls, ${CALLS_AFTER_PEAK} calls one by one, a pause of ${PAUSE_MS} ms before each; idleMs: ${IDLE_MS}\n`,
);
console.log(
  asTable(['scheduling', 'sockets open at the end', 'since the last use of the socket that a call gets'], kept),
);
