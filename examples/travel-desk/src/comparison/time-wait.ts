import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** As the kernel numbers them: include/net/tcp_states.h. */
const ESTABLISHED = 0x01;
const TIME_WAIT = 0x06;
const LISTEN = 0x0a;
const STAY = new Set([ESTABLISHED, TIME_WAIT, LISTEN]);

const LOOK_EVERY_MS = 20;
const LOOKS = 100;

/** Both ends of each connection that has a port at either, and its state: a table as /proc/net/tcp has it. */
export function connectionsAt(port: number, table: string): ReadonlyMap<string, number> {
  const connections = new Map<string, number>();
  for (const line of table.split('\n').slice(1)) {
    const [, local = '', remote = '', state = ''] = line.trim().split(/\s+/);
    if (![local, remote].some((end) => Number.parseInt(end.split(':')[1] ?? '', 16) === port)) continue;
    connections.set(`${local} ${remote}`, Number.parseInt(state, 16));
  }
  return connections;
}

/** Those of somebody who had the port before: they stay for a minute. */
export async function earlierConnections(port: number): Promise<ReadonlySet<string>> {
  return new Set(connectionsAt(port, (await tcpTable()) ?? '').keys());
}

function tcpTable(): Promise<string | null> {
  return readFile('/proc/net/tcp', 'utf8').catch(() => null);
}

/**
 * How many sockets of connections to a port of this machine are in TIME_WAIT: at that end which has closed first. Waits for those that
 * are about to be closed, 2 s at most.
 * @param earlier connections that do not count
 * @returns null where there is no /proc/net/tcp
 */
export async function countTimeWait(
  port: number,
  earlier: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<number | null> {
  let states: readonly number[] = [];
  for (let look = 0; look < LOOKS; look++) {
    // oxlint-disable-next-line no-await-in-loop -- one look after another
    const table = await tcpTable();
    if (table === null) return null;
    states = [...connectionsAt(port, table)].flatMap(([ends, state]) => (earlier.has(ends) ? [] : [state]));
    if (states.every((state) => STAY.has(state))) break;
    // oxlint-disable-next-line no-await-in-loop -- the kernel tells nobody
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
  return states.filter((state) => state === TIME_WAIT).length;
}
