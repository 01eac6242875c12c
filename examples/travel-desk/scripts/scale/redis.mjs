import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { startChild } from './children.mjs';

/** Starts a Redis that keeps nothing on disk, on a free port of 127.0.0.1. REDIS_SERVER names its command. */
export async function startRedis() {
  for (;;) {
    const port = randomInt(20_000, 32_000); // below the ports that Linux gives to outgoing connections
    let child = await run(port);
    if (!child) continue;
    const end = async () => {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    };
    return {
      url: `redis://127.0.0.1:${port}`,
      pid: () => child.pid,
      /** Kills it, and starts it again with nothing in it. */
      async restart() {
        await end();
        child = await run(port);
        if (!child) throw new Error(`Port ${port} was taken while Redis was gone`);
      },
      stop: end,
    };
  }
}

/** @returns undefined where the port is taken */
async function run(port) {
  const command = process.env.REDIS_SERVER ?? 'redis-server';
  const child = startChild(command, ['--port', String(port), '--bind', '127.0.0.1', '--save', '']);
  await once(child, 'spawn');
  for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    if (!text.includes('Ready to accept connections')) continue;
    child.stdout.resume();
    return child;
  }
  return undefined;
}
