import agentkeepalive from 'agentkeepalive';
import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter, once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepInLane, openFastLane, ORIGIN, takeIdleSocket } from './fast-lane.js';
import { giveBack } from './lane-sockets.js';

/** What an agent and a lane know of a request. */
class Asker extends EventEmitter {
  reusedSocket = false;
  readonly shouldKeepAlive = true;
  socket: Socket | undefined;

  onSocket(socket: Socket): void {
    this.socket = socket;
    Object.assign(socket, { _httpMessage: this });
    this.emit('socket');
  }

  getHeader(): string {
    return 'host';
  }
}

const ORIGIN_NAME = 'http://api.test';
/** Long after the end of a test. */
const LONG_MS = 1_000_000;

let server: net.Server;
let agent: agentkeepalive & { readonly requestCount: number; readonly timeoutSocketCount: number };
let idleMs: number;
let now: number;
/** Who was said to be idle since when. */
let noted: Map<Socket, number>;

beforeEach(async () => {
  server = net.createServer();
  await once(server.listen(0), 'listening');
  agent = new agentkeepalive.HttpAgent({ freeSocketTimeout: LONG_MS, timeout: 0 }) as typeof agent;
  openFastLane(agent);
  idleMs = LONG_MS;
  now = 0;
  noted = new Map();
  keepInLane(agent, {
    now: () => now,
    idleMs: () => idleMs,
    noteIdle: (socket, since) => void noted.set(socket, since),
  });
});

afterEach(() => {
  agent.destroy();
  server.close();
});

const idle = () => Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []);
const used = () => Object.values(agent.sockets).flatMap((sockets) => sockets ?? []);

function take(): Socket | undefined {
  const asker = new Asker();
  return takeIdleSocket(agent, asker, ORIGIN_NAME, 'host', undefined, undefined) ? asker.socket : undefined;
}

/** A socket that the agent has opened, as if for a first request. */
async function open(): Promise<Socket> {
  const { port } = server.address() as AddressInfo;
  const asker = new Asker();
  const given = once(asker, 'socket');
  const options = { host: '127.0.0.1', port, [ORIGIN]: ORIGIN_NAME };
  (agent as unknown as { addRequest(asker: Asker, options: object): void }).addRequest(asker, options);
  if (!asker.socket) await given;
  if (asker.socket!.connecting) await once(asker.socket!, 'connect');
  return asker.socket!;
}

/** Sockets that the lane has given out, all at once, and has back. */
async function openKept(count: number): Promise<Socket[]> {
  const opened = await Promise.all(Array.from({ length: count }, open));
  for (const socket of opened) giveBack(socket);
  const taken = opened.map(() => take()!);
  for (const socket of taken) giveBack(socket);
  return taken;
}

it('has a socket back without a timer, and with the counts that agents keep', async () => {
  const [socket] = await openKept(1);
  now = 5;
  expect(take()).toBe(socket);
  expect([idle(), used()]).toEqual([[], [socket]]);
  socket!.setTimeout(LONG_MS); // a request's own
  giveBack(socket!);
  expect([idle(), used()]).toEqual([[socket], []]);
  expect(socket!.timeout ?? 0).toBe(0);
  expect(noted.get(socket!)).toBe(5);
  expect(agent.requestCount).toBe(3);
  const counts = agentkeepalive.constants as unknown as Record<string, symbol>;
  const count = (name: string) => (socket as unknown as Record<symbol, number>)[counts[name]!];
  expect([count('SOCKET_REQUEST_COUNT'), count('SOCKET_REQUEST_FINISHED_COUNT')]).toEqual([3, 3]);
});

it('has one run in the async context of the request that takes it', async () => {
  server.on('connection', (peer) => peer.on('data', () => peer.write('answer')));
  const context = new AsyncLocalStorage<string>();
  const [socket] = await openKept(1);
  const seen: (string | undefined)[] = [];
  socket!.on('data', () => seen.push(context.getStore()));
  for (const name of ['first', 'second']) {
    context.run(name, take);
    socket!.write('question');
    await once(socket!, 'data'); // oxlint-disable-line no-await-in-loop -- one after the other
    giveBack(socket!);
  }
  expect(seen).toEqual(['first', 'second']);
});

it('has them back in any order', async () => {
  const sockets = await openKept(5);
  const taken = sockets.map(() => take()!);
  expect(new Set(taken)).toEqual(new Set(sockets));
  for (const index of [2, 0, 4, 1, 3]) {
    giveBack(taken[index]!);
    expect(new Set([...idle(), ...used()])).toEqual(new Set(sockets));
    expect(idle().at(-1)).toBe(taken[index]);
  }
  expect(used()).toEqual([]);
});

it('closes those that have been idle for as long as they may, and no others', async () => {
  const [older, newer, inUse] = await openKept(3);
  while (take());
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    idleMs = 1_000;
    giveBack(older!);
    now = 400;
    giveBack(newer!);
    now = 1_000;
    vi.advanceTimersByTime(1_000);
    expect([older!.destroyed, newer!.destroyed]).toEqual([true, false]);
    expect(idle()).toEqual([newer]);
    now = 1_400;
    vi.advanceTimersByTime(400);
    expect(newer!.destroyed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
  expect(inUse!.destroyed).toBe(false);
  expect(agent.timeoutSocketCount).toBe(2);
});

it('looks sooner where one may be idle for less', async () => {
  const [longer, shorter] = await openKept(2);
  while (take());
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    idleMs = 5_000;
    giveBack(longer!);
    idleMs = 1_000;
    giveBack(shorter!);
    now = 1_000;
    vi.advanceTimersByTime(1_000);
  } finally {
    vi.useRealTimers();
  }
  expect([longer!.destroyed, shorter!.destroyed]).toEqual([false, true]);
});

it('leaves one that is not to be kept to the agent, which closes it', async () => {
  const [socket] = await openKept(1);
  take();
  Object.assign(agent, { keepSocketAlive: () => false });
  idleMs = 0;
  giveBack(socket!);
  expect(socket!.destroyed).toBe(true);
  expect(idle()).toEqual([]);
});

it('gives none where somebody has put a method in the place of its own', async () => {
  await openKept(1);
  const seen = vi.spyOn(agent as unknown as { addRequest: () => void }, 'addRequest');
  expect(take()).toBeUndefined();
  seen.mockRestore();
  expect(take()).toBeDefined();
});

it('leaves one to the agent where others listen to what it is told', async () => {
  const [socket] = await openKept(1);
  take();
  const free = once(agent, 'free');
  giveBack(socket!);
  expect((await free)[0]).toBe(socket);
  expect(idle()).toEqual([socket]);
});
