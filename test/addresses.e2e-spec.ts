import type { AxiosInstance } from 'axios';
import type { RequestListener, ServerResponse } from 'node:http';
import { generate } from 'selfsigned';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../src/base/clock.js';
import type { AddressEvent } from '../src/call/events.js';
import type { HttpClientOptions, OriginOptions } from '../src/index.js';
import { startDnsServer } from './support/dns-server.js';
import { type Fleet, type Pod, startFleet } from './support/fleet.js';
import { guardedClient } from './support/guarded-client.js';
import { ManualClock } from './support/manual-clock.js';

const NAME = 'orders.test';

const answer: RequestListener = (_, response) => void response.end('ok');
const answerAfter =
  (ms: number): RequestListener =>
  (_, response) =>
    void setTimeout(() => response.end('ok'), ms);
const fail: RequestListener = (_, response) => void response.writeHead(503).end();

interface Given {
  readonly own?: OriginOptions;
  readonly options?: HttpClientOptions;
  /** The addresses that the name server has for the name. */
  readonly zone?: () => readonly Pod[];
  readonly clock?: Clock;
  readonly scheme?: 'http' | 'https';
}

/** A client whose `baseURL` is a name for the pods. */
async function start(fleet: Fleet, given: Given = {}) {
  const { own = { addresses: true }, options, zone = () => fleet.pods, clock = systemClock, scheme = 'http' } = given;
  const dns = await startDnsServer((name) => (name === NAME ? zone().map(({ address }) => address) : []));
  const origin = `${scheme}://${NAME}:${fleet.port}`;
  const app = guardedClient({ baseURL: origin, origins: { [origin]: own }, ...options }, dns.resolve, clock);
  const changes: AddressEvent[] = [];
  app.events.on('address', (event) => changes.push(event));
  return {
    client: app.client,
    pool: app.pool,
    events: app.events,
    changes,
    dns,
    /** State of each address. */
    addresses: () => app.pool.stats().origins[origin]?.addresses ?? {},
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await dns[Symbol.asyncDispose]();
    },
  };
}

async function callInTurn(client: AxiosInstance, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await client.get('/'); // oxlint-disable-line no-await-in-loop -- one after the other
}

async function callAtOnce(client: AxiosInstance, callers: number, each: number): Promise<void> {
  await Promise.all(Array.from({ length: callers }, () => callInTurn(client, each)));
}

describe('calls to an origin with addresses', () => {
  it('are spread evenly over 20 addresses, one after the other and many at once', async () => {
    await using fleet = await startFleet(20, (request, response) => answerAfter(Math.random() * 5)(request, response));
    await using app = await start(fleet);
    await callInTurn(app.client, 100);
    expect(fleet.imbalance).toBeLessThanOrEqual(1.15);
    fleet.reset();
    await callAtOnce(app.client, 60, 15);
    expect(fleet.imbalance).toBeLessThanOrEqual(1.2); // 54 of 45: a busy machine makes some of them slower than others
  });

  it('leave an address out that is ten times slower: it gets at most 40 % of its share', async () => {
    const rounds = new Rounds(40);
    await using fleet = await startFleet(20, rounds.answerIn(1));
    fleet.pods[7]!.answer = rounds.answerIn(10);
    await using app = await start(fleet);
    await rounds.run(50, () => app.client.get('/'));
    const total = fleet.pods.reduce((sum, { requests }) => sum + requests, 0);
    expect(fleet.pods[7]!.requests).toBeLessThanOrEqual(0.4 * (total / 20));
    expect(fleet.pods[7]!.requests).toBeGreaterThan(0);
  });

  it('go to an address whose responses take ten times longer only every 10 s, one after the other too, until they are fast again', async () => {
    const clock = new ManualClock();
    const after =
      (ms: number): RequestListener =>
      (_, response) => {
        clock.tick(ms);
        response.end('ok');
      };
    await using fleet = await startFleet(3, after(50));
    const slow = fleet.pods[1]!;
    slow.answer = after(500);
    await using app = await start(fleet, {
      clock,
      own: { addresses: { list: fleet.pods.map(({ address }) => address) } },
    });
    await callInTurn(app.client, 100);
    expect(slow.requests).toBeLessThanOrEqual(25);
    expect(app.addresses()[slow.address]!.slowness).toBeGreaterThan(3);
    fleet.reset();
    await callInTurn(app.client, 400); // 20 s
    expect(slow.requests).toBeGreaterThanOrEqual(1);
    expect(slow.requests).toBeLessThanOrEqual(2);
    slow.answer = after(50);
    for (let probe = 0; probe < 2; probe++) {
      clock.tick(10_000);
      await callInTurn(app.client, 3); // oxlint-disable-line no-await-in-loop -- each waits for the time before it
    }
    expect(app.addresses()[slow.address]!.slowness).toBe(1);
    fleet.reset();
    await callInTurn(app.client, 30);
    expect(slow.requests).toBe(10);
  });

  it('have none that fails where one address is dead, which is ejected after five failures and comes back after a probe', async () => {
    const clock = new ManualClock();
    await using fleet = await startFleet(5, answer);
    const dead = fleet.pods[2]!;
    await dead.stop();
    await using app = await start(fleet, { clock });
    await callInTurn(app.client, 40);
    expect(app.addresses()[dead.address]).toMatchObject({ state: 'ejected', requests: 5, failures: 5, inFlight: 0 });
    await clock.advance(29_000);
    await callInTurn(app.client, 20);
    expect(app.addresses()[dead.address]).toMatchObject({ state: 'ejected', requests: 5 });
    await dead.listen(fleet.port);
    await clock.advance(1_000);
    await callInTurn(app.client, 10);
    expect(dead.requests).toBeGreaterThan(0);
    expect(app.addresses()[dead.address]).toMatchObject({ state: 'active', failures: 5 });
    expect(app.changes.filter(({ change }) => change !== 'added')).toMatchObject([
      { address: dead.address, change: 'ejected', cause: 'ECONNREFUSED', ejectedMs: 30_000 },
      { address: dead.address, change: 'returned' },
    ]);
  });

  it('that are sent with POST turn to another address where nothing could be sent', async () => {
    await using fleet = await startFleet(3, answer);
    await fleet.pods[0]!.stop();
    await using app = await start(fleet);
    for (let i = 0; i < 6; i++) await app.client.post('/', { i }); // oxlint-disable-line no-await-in-loop -- each of the three has its turn
    expect(fleet.pods[0]!.requests).toBe(0);
    expect(fleet.pods.reduce((sum, { requests }) => sum + requests, 0)).toBe(6);
  });

  it('all fail where all addresses are dead, and all succeed once they are not', async () => {
    const clock = new ManualClock();
    await using fleet = await startFleet(3, answer);
    await Promise.all(fleet.pods.map((pod) => pod.stop()));
    await using app = await start(fleet, { clock });
    for (let i = 0; i < 10; i++) {
      // oxlint-disable-next-line no-await-in-loop -- so that each finds what the one before has left
      await expect(app.client.get('/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    }
    await Promise.all(fleet.pods.map((pod) => pod.listen(fleet.port)));
    await callInTurn(app.client, 10);
  });

  it('have none that fails while 3 addresses become 12, and 3 again, also before the name server knows', async () => {
    const clock = new ManualClock();
    await using fleet = await startFleet(12, answerAfter(2));
    let known = fleet.pods.slice(0, 3);
    await Promise.all(fleet.pods.slice(3).map((pod) => pod.stop()));
    await using app = await start(fleet, { clock, own: { addresses: { resolveMs: 2_000 } }, zone: () => known });
    const test = { isOver: false, waiting: 0, pause: Promise.resolve() };
    const failures: unknown[] = [];
    const caller = async () => {
      /* oxlint-disable no-await-in-loop -- one after the other */
      while (!test.isOver) {
        test.waiting++;
        await test.pause;
        test.waiting--;
        await app.client.get('/').catch((error: unknown) => failures.push(error));
      }
      /* oxlint-enable no-await-in-loop */
    };
    const callers = Array.from({ length: 20 }, caller);
    /** Between two calls of each caller: with the time in it, the response of a server would be a slow one. */
    const advance = async (ms: number) => {
      let resume!: () => void;
      test.pause = new Promise((settle) => {
        resume = settle;
      });
      await expect.poll(() => test.waiting).toBe(callers.length);
      await clock.advance(ms);
      resume();
    };
    const served = async (pods: readonly Pod[]) => {
      const before = pods.map(({ requests }) => requests);
      await expect.poll(() => pods.every(({ requests }, index) => requests > before[index]! + 3)).toBe(true);
    };
    await served(fleet.pods.slice(0, 3));
    await Promise.all(fleet.pods.slice(3).map((pod) => pod.listen(fleet.port)));
    known = [...fleet.pods];
    await advance(1_000); // half of the age: the next call asks, and no phase of a call is over
    await served(fleet.pods);
    const stopped = fleet.pods.slice(0, 9).map((pod) => pod.stop()); // the name server has them still
    await served(fleet.pods.slice(9));
    known = fleet.pods.slice(9);
    await advance(1_000);
    await expect.poll(() => Object.keys(app.addresses()).length).toBe(3);
    await Promise.all(stopped);
    await served(fleet.pods.slice(9));
    test.isOver = true;
    await Promise.all(callers);
    expect(failures).toEqual([]);
  });

  it('finish at an address that is gone, whose idle sockets are closed', async () => {
    const clock = new ManualClock();
    const held: ServerResponse[] = [];
    await using fleet = await startFleet(2, answer);
    const [leaving, staying] = fleet.pods as [Pod, Pod];
    let known: readonly Pod[] = fleet.pods;
    const timeouts = { responseMs: false } as const;
    const pool = { idleMs: 60_000 };
    await using app = await start(fleet, { clock, options: { timeouts, pool }, zone: () => known });
    await callAtOnce(app.client, 8, 1);
    leaving.answer = (_, response) => void held.push(response);
    const calls = [app.client.get('/'), app.client.get('/'), app.client.get('/')];
    await expect.poll(() => held.length).toBeGreaterThan(0);
    known = [staying];
    await clock.advance(10_000);
    await callInTurn(app.client, 3);
    expect(Object.keys(app.addresses())).toEqual([staying.address]);
    for (const response of held) response.end('late');
    expect((await Promise.all(calls)).map(({ data }) => data)).toContain('late');
    await expect.poll(() => leaving.open).toBe(0);
    expect(staying.open).toBeGreaterThan(0);
  });

  it('open no more sockets than pool.maxSockets, idle ones to other addresses included', async () => {
    await using fleet = await startFleet(8, answer);
    await using app = await start(fleet, { options: { pool: { maxSockets: 3 } } });
    await callInTurn(app.client, 16);
    expect(fleet.imbalance).toBe(1);
    const { total } = app.pool.stats();
    expect(total.created - total.closed).toBeLessThanOrEqual(3);
    await expect.poll(() => fleet.pods.reduce((sum, { open }) => sum + open, 0)).toBeLessThanOrEqual(3);
  });
});

describe('an address', () => {
  it('gets the Host header and the server name (SNI) of the origin, whose name its certificate must have', async () => {
    const { private: key, cert } = await certificateOf(NAME);
    const seen = new Set<unknown>();
    const tell: RequestListener = ({ headers, socket }, response) => {
      seen.add(`${headers.host} ${(socket as TLSSocket & { servername?: string }).servername}`);
      response.end('ok');
    };
    await using fleet = await startFleet(3, tell, { key, cert });
    await using app = await start(fleet, { scheme: 'https', options: { tls: { ca: cert } } });
    await callInTurn(app.client, 6);
    expect(fleet.imbalance).toBe(1);
    expect([...seen]).toEqual([`${NAME}:${fleet.port} ${NAME}`]);
    expect(app.pool.stats().total).toMatchObject({ created: 3, reused: 3 });
  });

  it('is refused with a certificate for another name', async () => {
    const { private: key, cert } = await certificateOf('other.test');
    await using fleet = await startFleet(2, answer, { key, cert });
    await using app = await start(fleet, { scheme: 'https', options: { tls: { ca: cert } } });
    await expect(app.client.get('/')).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(fleet.pods.map(({ requests }) => requests)).toEqual([0, 0]);
  });

  it('is judged by the guard, each by itself', async () => {
    const clock = new ManualClock();
    await using fleet = await startFleet(3, answer);
    let known: readonly Pod[] = fleet.pods;
    const guard = { allowCidrs: ['127.0.0.2/32'], allowPorts: [fleet.port] };
    await using app = await start(fleet, { clock, options: { guard }, zone: () => known });
    await callInTurn(app.client, 3);
    expect(fleet.pods.map(({ requests }) => requests)).toEqual([0, 3, 0]);
    known = [fleet.pods[0]!];
    await clock.advance(10_000);
    await expect(app.client.get('/')).rejects.toMatchObject({ code: 'ERR_ADDRESS_BLOCKED' });
    expect(fleet.pods[0]!.connections).toBe(0);
  });

  it("can have a port of its own, from a list or from the app's own registry", async () => {
    await using one = await startFleet(1, (request, response) => void response.end(request.headers.host));
    await using other = await startFleet(1, (request, response) => void response.end(request.headers.host));
    const list = [one, other].map(({ port }) => `127.0.0.1:${port}`);
    const asked: string[] = [];
    const resolve = async (host: string) => {
      asked.push(host);
      return list;
    };
    for (const addresses of [{ list }, { resolve }]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await using app = guardedClient({
        baseURL: 'http://orders.test',
        origins: { 'http://orders.test': { addresses } },
      });
      // oxlint-disable-next-line no-await-in-loop
      const hosts = [await app.client.get('/'), await app.client.get('/')].map(({ data }) => data as string);
      expect(hosts).toEqual(['orders.test', 'orders.test']);
      expect(Object.keys(app.pool.stats().origins)).toEqual(['http://orders.test']);
    }
    expect([one.pods[0]!.requests, other.pods[0]!.requests]).toEqual([2, 2]);
    expect(asked).toEqual(['orders.test']);
  });

  it('is what a call fails with that has none: the error of the look-up, and the next call asks again', async () => {
    await using fleet = await startFleet(1, answer);
    let known: readonly Pod[] = [];
    await using app = await start(fleet, { zone: () => known });
    await expect(app.client.get('/')).rejects.toMatchObject({ code: 'ENOTFOUND', isAxiosError: true });
    known = fleet.pods;
    await callInTurn(app.client, 1);
    expect(app.pool.stats().total.active).toBe(0);
  });

  it('is told of by the events of its sockets', async () => {
    await using fleet = await startFleet(2, answer);
    await using app = await start(fleet);
    const opened: (string | undefined)[] = [];
    app.events.on('socket:open', ({ address }) => opened.push(address));
    await callInTurn(app.client, 2);
    expect(new Set(opened)).toEqual(new Set(['127.0.0.1', '127.0.0.2']));
    expect(app.changes.map(({ address, change }) => `${address} ${change}`)).toEqual([
      '127.0.0.1 added',
      '127.0.0.2 added',
    ]);
  });
});

describe('a request that is made again', () => {
  it('goes to another address: one that answers 503 fails no call', async () => {
    await using fleet = await startFleet(3, answer);
    fleet.pods[1]!.answer = fail;
    const retry = { max: 1, baseMs: 1 };
    await using app = await start(fleet, {
      own: { addresses: { ejection: false } },
      options: { resilience: { retry, budget: false } },
    });
    await callAtOnce(app.client, 5, 12);
    expect(fleet.pods[1]!.requests).toBeGreaterThan(10);
  });

  it('as a hedge goes to another address: one that hangs holds no call up', async () => {
    const clock = new ManualClock();
    await using fleet = await startFleet(2, answer);
    fleet.pods[0]!.answer = () => {};
    await using app = await start(fleet, {
      clock,
      own: { addresses: { ejection: false } },
      options: { resilience: { hedge: { coldMs: 50 } } },
    });
    const calls = [app.client.get('/'), app.client.get('/')];
    await expect.poll(() => fleet.pods[0]!.requests).toBe(1);
    await clock.advance(50);
    expect((await Promise.all(calls)).map(({ data }) => data)).toEqual(['ok', 'ok']);
    expect(fleet.pods.map(({ requests }) => requests)).toEqual([1, 2]);
  });

  it('as a replay goes to another address: idle sockets of a server that has ended fail no call', async () => {
    await using fleet = await startFleet(3, answer);
    await using app = await start(fleet);
    await callAtOnce(app.client, 9, 1);
    const [ended] = fleet.pods as [Pod];
    ended.answer = forgetting(ended.sockets);
    await callInTurn(app.client, 12);
    expect(ended.requests).toBeGreaterThan(3); // and one more that was made again
  });
});

it('a server that vanishes takes its own idle sockets with it, not those of the other addresses', async () => {
  await using fleet = await startFleet(2, answer);
  await using app = await start(fleet);
  await callAtOnce(app.client, 6, 1);
  const [gone, other] = fleet.pods as [Pod, Pod];
  const [goneBefore, openBefore] = [gone.open, other.open];
  expect(gone.open).toBeGreaterThan(1);
  const before = gone.sockets;
  gone.answer = forgetting(before);
  await callInTurn(app.client, 4);
  await expect.poll(() => before.filter(({ destroyed }) => !destroyed)).toEqual([]);
  expect(other.open).toBeGreaterThanOrEqual(openBefore);
  expect(app.pool.stats().total.closed).toBe(goneBefore);
});

it(
  '20 rolling restarts of the upstream, every other by a crash, fail no idempotent call',
  { tags: 'slow' },
  async () => {
    const PODS = 3;
    await using fleet = await startFleet(2 * PODS, answerAfter(2));
    let known = fleet.pods.slice(0, PODS);
    await Promise.all(fleet.pods.slice(PODS).map((pod) => pod.stop()));
    await using app = await start(fleet, {
      own: { addresses: { resolveMs: 100 } },
      options: { resilience: 'standard' },
      zone: () => known,
    });
    const test = { isOver: false };
    const failures: unknown[] = [];
    const caller = async (_: unknown, index: number) => {
      const call = () => (index % 2 === 0 ? app.client.get('/') : app.client.put('/', { index }));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      while (!test.isOver) await call().catch((error: unknown) => failures.push(error));
    };
    const callers = Array.from({ length: 10 }, caller);
    let last: Pod | undefined; // whose address is not used again at once
    for (let restart = 0; restart < 20; restart++) {
      for (const old of known) {
        // oxlint-disable no-await-in-loop -- one pod after the other
        const next = fleet.pods.find((pod) => !pod.isListening && pod !== last)!;
        last = old;
        await next.listen(fleet.port);
        const before = next.requests;
        known = known.concat(next);
        await expect.poll(() => next.requests, { interval: 5 }).toBeGreaterThan(before + 3);
        const ended = restart % 2 === 0 ? old.stop() : old.kill();
        const served = () => fleet.pods.reduce((sum, { requests }) => sum + requests, 0);
        await expect.poll(served, { interval: 5 }).toBeGreaterThan(served() + 20); // before the name server knows
        known = known.filter((pod) => pod !== old);
        await expect.poll(() => old.address in app.addresses(), { interval: 5 }).toBe(false);
        await ended;
        // oxlint-enable no-await-in-loop
      }
    }
    test.isOver = true;
    await Promise.all(callers);
    expect(failures).toEqual([]);
  },
);

/** Time that passes by a round whenever all callers wait for an answer, however fast the machine is. */
class Rounds {
  readonly #callers: number;
  readonly #held: { readonly response: ServerResponse; readonly dueAt: number }[] = [];
  #now = 0;
  #isOver = false;

  constructor(callers: number) {
    this.#callers = callers;
  }

  answerIn(rounds: number): RequestListener {
    return (_, response) => {
      this.#held.push({ response, dueAt: this.#now + rounds });
      while (this.#isOver ? this.#held.length > 0 : this.#held.length === this.#callers) this.#pass();
    };
  }

  /** Has all callers call, one call after the other, for so many rounds. */
  async run(rounds: number, call: () => Promise<unknown>): Promise<void> {
    const caller = async () => {
      while (this.#now < rounds) await call(); // oxlint-disable-line no-await-in-loop -- one after the other
      this.#isOver = true;
      while (this.#held.length > 0) this.#pass();
    };
    await Promise.all(Array.from({ length: this.#callers }, caller));
  }

  #pass(): void {
    this.#now++;
    for (const held of this.#held.splice(0)) {
      if (held.dueAt <= this.#now) held.response.end('ok');
      else this.#held.push(held);
    }
  }
}

/** Answers on new connections; of these it knows nothing any more. */
function forgetting(sockets: readonly Socket[]): RequestListener {
  return (request, response) => {
    if (sockets.includes(request.socket)) request.socket.resetAndDestroy();
    else answer(request, response);
  };
}

function certificateOf(name: string) {
  return generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
    ],
  });
}
