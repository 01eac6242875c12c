import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** As the kernel numbers them: include/net/tcp_states.h. */
const ESTABLISHED = 0x01;
const TIME_WAIT = 0x06;
const LISTEN = 0x0a;
const STAY = new Set([ESTABLISHED, TIME_WAIT, LISTEN]);

const LOOK_EVERY_MS = 20;
const LOOKS = 100;

/** State → how many sockets have a port at either end: a table as /proc/net/tcp has it. */
export function statesAt(port: number, table: string): ReadonlyMap<number, number> {
  const states = new Map<number, number>();
  for (const line of table.split('\n').slice(1)) {
    const [, local = '', remote = '', state = ''] = line.trim().split(/\s+/);
    if (![local, remote].some((end) => Number.parseInt(end.split(':')[1] ?? '', 16) === port)) continue;
    const number = Number.parseInt(state, 16);
    states.set(number, (states.get(number) ?? 0) + 1);
  }
  return states;
}

/**
 * How many sockets of connections to a port of this machine are in TIME_WAIT: at that end which has closed first. Waits for those that
 * are about to be closed, 2 s at most.
 * @returns null where there is no /proc/net/tcp
 */
export async function countTimeWait(port: number, signal: AbortSignal): Promise<number | null> {
  let states: ReadonlyMap<number, number> = new Map();
  for (let look = 0; look < LOOKS; look++) {
    // oxlint-disable-next-line no-await-in-loop -- one look after another
    const table = await readFile('/proc/net/tcp', 'utf8').catch(() => null);
    if (table === null) return null;
    states = statesAt(port, table);
    if ([...states.keys()].every((state) => STAY.has(state))) break;
    // oxlint-disable-next-line no-await-in-loop -- the kernel tells nobody
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
  return states.get(TIME_WAIT) ?? 0;
}
