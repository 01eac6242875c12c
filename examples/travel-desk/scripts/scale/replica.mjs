import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startChild } from './children.mjs';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Starts the example as a process of its own. Resolves once it listens. */
export async function startReplica(config, redisUrl) {
  const child = startChild(process.execPath, [MAIN], {
    ...process.env,
    NO_COLOR: '1',
    PORT: '0',
    UPSTREAM_PORT: '0',
    TRAVEL_DESK_CONFIG: config,
    REDIS_URL: redisUrl,
  });
  const closed = once(child, 'close');
  let url;
  for await (const line of createInterface({ input: child.stdout })) {
    [url] = /(?<=Open )http:\S+/.exec(line) ?? [];
    if (url) break;
  }
  if (!url) throw new Error('A replica ended before it listened');
  child.stdout.resume();
  return {
    child,
    url,
    cpuMs: () => cpuMsOf(child.pid),
    monitor: async () => (await fetch(`${url}/monitor`)).json(),
    /** Sends it a signal, and waits until it is gone. */
    async end(signal) {
      child.kill(signal);
      await closed;
    },
  };
}

/** CPU time of a process until now, in milliseconds, of Linux's 100 ticks a second; NaN where there is no /proc. */
export function cpuMsOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return NaN;
  }
}
