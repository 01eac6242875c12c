import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppProcess } from './app-process.js';

/** What an upstream saw: when each request arrived, in milliseconds. */
export interface CountingUpstream extends AsyncDisposable {
  readonly url: string;
  readonly arrivals: readonly number[];
}

export async function startCountingUpstream(): Promise<CountingUpstream> {
  const arrivals: number[] = [];
  const server = createServer((_, response) => {
    arrivals.push(performance.now());
    response.end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** How many come in the fullest span of so many milliseconds. */
export function mostWithin(arrivals: readonly number[], spanMs: number): number {
  let most = 0;
  let from = 0;
  for (const [index, time] of arrivals.entries()) {
    while (time - arrivals[from]! >= spanMs) from++;
    most = Math.max(most, index - from + 1);
  }
  return most;
}

/** What is between a client and Redis. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** From now on each answer is so late. None overtakes another. */
  delay(ms: number): void;
  /** Every connection breaks; those that are opened from now on lead elsewhere. */
  leadTo(port: number): void;
}

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  let port = target;
  let delayMs = 0;
  const sockets = new Set<Socket>();
  const server = createTcpServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    near.pipe(far);
    let before = Promise.resolve();
    far.on('data', (bytes) => {
      const delayed = sleep(delayMs);
      before = before.then(() => delayed).then(() => void near.write(bytes));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    delay(ms) {
      delayMs = ms;
    },
    leadTo(other) {
      port = other;
      breakAll();
    },
    async [Symbol.asyncDispose]() {
      breakAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** How late this process was at most while something ran: what it has counted may have come that much sooner. */
export function watchLateness(): () => number {
  let latestMs = 0;
  let ticked = performance.now();
  const timer = setInterval(() => {
    latestMs = Math.max(latestMs, performance.now() - ticked - 20);
    ticked = performance.now();
  }, 20);
  return () => {
    clearInterval(timer);
    return latestMs;
  };
}

/** An app of which each of some processes is a replica. */
export interface ReplicatedApp {
  readonly app: string;
  readonly library?: 'ioredis' | 'node-redis';
  /** The port of its Redis. */
  readonly redis: number;
  readonly upstream: string;
  /** Calls in a second, of all replicas together. */
  readonly max: number;
  readonly replicas: number | 'auto';
  /** Calls that each replica has under way. */
  readonly callers: number;
  /** How long a call waits for Redis. On a machine that has much else to do, the default is often over. */
  readonly timeoutMs: number;
  /** Replicas that each process has. */
  readonly here?: number;
}

interface Ended {
  readonly failures: readonly string[];
  readonly latestMs: number;
}

/** Processes that each have a replica of every app. */
export class ReplicaProcesses implements AsyncDisposable {
  readonly processes: readonly AppProcess[];

  private constructor(processes: readonly AppProcess[]) {
    this.processes = processes;
  }

  static async start(count: number): Promise<ReplicaProcesses> {
    return new ReplicaProcesses(
      await Promise.all(Array.from({ length: count }, () => AppProcess.start('replica', {}))),
    );
  }

  async open(app: ReplicatedApp): Promise<void> {
    await Promise.all(
      this.processes.map(async (process) => {
        process.tell(JSON.stringify({ library: 'ioredis', here: 1, ...app }));
        await process.says(`${app.app} calls`);
      }),
    );
  }

  /** How late they are counts from now on. */
  watch(): void {
    for (const process of this.processes) process.tell('watch');
  }

  /** @returns why calls failed, and how late a process was at most, in milliseconds */
  async end(): Promise<Ended> {
    const isEnded = (message: unknown): message is Ended => typeof message === 'object' && 'failures' in message!;
    const ended = await Promise.all(
      this.processes.map(async (process) => {
        process.tell('end');
        const result = await process.message(isEnded);
        await process.exit();
        return result;
      }),
    );
    return {
      failures: ended.flatMap(({ failures }) => failures),
      latestMs: Math.max(...ended.map(({ latestMs }) => latestMs)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.processes.map((process) => process[Symbol.asyncDispose]()));
  }
}
