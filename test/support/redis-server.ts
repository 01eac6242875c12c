import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';

const COMMAND = process.env['REDIS_SERVER'] ?? 'redis-server';

const MISSING = `${COMMAND} is missing: apt-get install redis-server, or set REDIS_SERVER to the executable of Redis 7 or later.`;

/** A Redis of its own: a process on a port of 127.0.0.1, with a folder of its own. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** undefined: it does not run. */
  readonly pid: number | undefined;
  /** Sends it a signal: with SIGSTOP it answers nothing, with SIGCONT it goes on, with SIGKILL it is gone when the promise settles. */
  signal(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port, after SIGKILL; with `persistent`, what it knew is still there. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/**
 * Starts Debian's redis-server and waits until it answers.
 * @param options.persistent keeps what it knows over a restart
 * @throws Error that says how to get redis-server where there is none
 */
export async function startRedis({ persistent = false, args = [] as readonly string[] } = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-'));
  const run = (port: number) =>
    spawned(port, ['--dir', folder, '--save', '', '--appendonly', persistent ? 'yes' : 'no', ...args]);
  const { port, child } = await onFreePort(run);
  let running: ChildProcess | undefined = child;
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return running?.pid;
    },
    async signal(signal) {
      if (!running) return;
      running.kill(signal);
      if (signal !== 'SIGKILL' && signal !== 'SIGTERM') return;
      await ended(running);
      running = undefined;
    },
    async restart() {
      running ??= await run(port);
      if (!running) throw new Error(`Port ${port} was taken while Redis was gone`);
    },
    async stop() {
      running?.kill('SIGKILL');
      if (running) await ended(running);
      running = undefined;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Tests that need Redis. Without the command they are skipped, which the log says; in CI they fail. */
export function describeWithRedis(name: string, tests: () => void): void {
  const isMissing = spawnSync(COMMAND, ['--version']).error !== undefined;
  if (isMissing && process.env['CI']) throw new Error(MISSING);
  if (isMissing) console.warn(`Tests with Redis are skipped. ${MISSING}`);
  describe.skipIf(isMissing)(name, tests);
}

async function onFreePort(run: (port: number) => Promise<ChildProcess | undefined>) {
  for (;;) {
    const port = randomInt(20_000, 32_000); // below the ports that Linux gives to outgoing connections
    const child = await run(port);
    if (child) return { port, child };
  }
}

/** @returns undefined where the port is taken */
async function spawned(port: number, args: readonly string[]): Promise<ChildProcess | undefined> {
  const child = spawn(COMMAND, ['--port', String(port), '--bind', '127.0.0.1', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ENOENT' ? new Error(MISSING) : error));
    child.once('exit', () =>
      printed.includes('Address already in use')
        ? resolve(undefined)
        : reject(new Error(`redis-server ended:\n${printed}`)),
    );
    child.stderr.resume();
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (printed.length < 65_536) printed += text;
      if (printed.includes('Ready to accept connections')) resolve(child);
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
