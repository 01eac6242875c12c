import { certificate } from '../upstreams/certificate.js';
import { Child } from './child.js';
import type { ComparedWay, Comparison, ComparisonQuery } from './comparison.dto.js';
import { countTimeWait, earlierConnections } from './time-wait.js';

const WAYS = ['shared', 'perCall'] as const;
type Way = (typeof WAYS)[number];

/** Bursts that are not measured: the pool is filled, and the engine has compiled what is called often. */
const WARM_UP = 3;
const BURSTS = 3;
const HOUR_MS = 3_600_000;

/** What both ends have done so far. */
interface Look {
  readonly handshakes: number;
  readonly clientCpuUs: number;
  readonly upstreamCpuUs: number;
}

/**
 * Makes the same calls through one client and through a client for each, in turns. Client, upstream and the relay between them that
 * adds the round trip are processes of their own, so that the CPU time of each is its own; they end with the comparison.
 * @throws Error when one of them ends, or fails at a call; an AbortError once the signal aborts
 */
export async function compare({ roundTripMs, calls }: ComparisonQuery, signal: AbortSignal): Promise<Comparison> {
  using upstream = new Child('upstream', signal);
  using relay = new Child('relay', signal);
  using client = new Child('client', signal);
  const { key, cert } = await certificate(new Date(Date.now() - HOUR_MS), new Date(Date.now() + HOUR_MS));
  const to = await upstream.ask({ ask: 'listen', key, cert });
  const [sharedPort, perCallPort] = (await relay.ask({ ask: 'listen', to, roundTripMs, ports: 2 })) as [number, number];
  const [sharedBefore, perCallBefore] = await Promise.all([sharedPort, perCallPort].map(earlierConnections));
  const earlier = { shared: sharedBefore!, perCall: perCallBefore! };
  await client.ask({ ask: 'prepare', cert, calls });
  /** One for each, by which the kernel's list of sockets tells them apart. */
  const ports: Readonly<Record<Way, number>> = { shared: sharedPort, perCall: perCallPort };

  const burst = async (way: Way): Promise<number[]> => {
    const url = `https://127.0.0.1:${ports[way]}/`;
    return (await client.ask({ ask: 'burst', way, url, calls })) as number[];
  };
  /** All connections but those of the pool are closed by then. */
  const look = async (): Promise<Look> => {
    const there = (await upstream.ask({ ask: 'look', most: calls })) as { handshakes: number; cpuUs: number };
    const here = (await client.ask({ ask: 'look' })) as { cpuUs: number };
    return { handshakes: there.handshakes, clientCpuUs: here.cpuUs, upstreamCpuUs: there.cpuUs };
  };
  const turn = async (way: Way): Promise<Turn> => {
    const before = await look();
    const latencies = await burst(way);
    return { latencies, before, after: await look() };
  };

  /* oxlint-disable no-await-in-loop -- one burst after another */
  for (let done = 0; done < WARM_UP; done++) for (const way of WAYS) await burst(way);
  const turns: Record<Way, Turn[]> = { shared: [], perCall: [] };
  for (let done = 0; done < BURSTS; done++) for (const way of WAYS) turns[way].push(await turn(way));
  /* oxlint-enable no-await-in-loop */

  const outcome = async (way: Way): Promise<ComparedWay> => ({
    ...summary(turns[way]),
    timeWait: await countTimeWait(ports[way], earlier[way], signal),
  });
  const [shared, perCall] = await Promise.all([outcome('shared'), outcome('perCall')]);
  return { roundTripMs, calls, bursts: BURSTS, shared, perCall };
}

interface Turn {
  /** Of each call, in milliseconds. */
  readonly latencies: readonly number[];
  readonly before: Look;
  readonly after: Look;
}

/** What some bursts of one way came to. */
function summary(turns: readonly Turn[]): Omit<ComparedWay, 'timeWait'> {
  const latencies = turns.flatMap((turn) => turn.latencies).toSorted((one, other) => one - other);
  const sum = (of: (look: Look) => number) => turns.reduce((all, { before, after }) => all + of(after) - of(before), 0);
  const each = (total: number) => Math.round(total / latencies.length);
  return {
    p50Ms: Math.round(10 * latencies[latencies.length >> 1]!) / 10,
    handshakes: sum(({ handshakes }) => handshakes),
    clientCpuUs: each(sum(({ clientCpuUs }) => clientCpuUs)),
    upstreamCpuUs: each(sum(({ upstreamCpuUs }) => upstreamCpuUs)),
  };
}
