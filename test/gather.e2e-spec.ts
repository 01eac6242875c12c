import axios, { type AxiosInstance } from 'axios';
import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTransport, type Transport } from '../src/client/create-transport.js';
import { gather } from '../src/gather/gather.js';
import type { GatherCallOptions } from '../src/gather/types.js';
import { answerJson, startUpstream, type Upstream } from './support/upstream.js';

const DEADLINE_MS = 300;

const answers: RequestListener = answerJson;
const answersLate: RequestListener = (request, response) => {
  const timer = setTimeout(() => answerJson(request, response), 10 * DEADLINE_MS);
  response.once('close', () => clearTimeout(timer));
};
const isBusy: RequestListener = (_, response) => void response.writeHead(503).end('busy');
const breaksOff: RequestListener = (request) => void request.socket.destroy();
const hangs: RequestListener = () => {};
const dripsForEver: RequestListener = (_, response) => {
  const drip = setInterval(() => response.write('.'), 20);
  response.once('close', () => clearInterval(drip));
};

const AIRLINES = {
  azure: answers,
  boreal: answers,
  condor: answers,
  delphi: answersLate,
  eagle: isBusy,
  falcon: breaksOff,
  gannet: hangs,
  heron: dripsForEver,
} satisfies Record<string, RequestListener>;

type Airline = keyof typeof AIRLINES;

describe('a search with eight airlines', () => {
  let upstreams: Record<Airline, Upstream>;
  let transport: Transport;
  let client: AxiosInstance;

  const offersOf =
    (airline: Airline) =>
    async (options: GatherCallOptions): Promise<string> =>
      (await client.get<{ path: string }>(`${upstreams[airline].url}/${airline}`, options)).data.path;

  const search = <Name extends Airline>(...names: Name[]) =>
    Object.fromEntries(names.map((name) => [name, offersOf(name)])) as Record<Name, ReturnType<typeof offersOf>>;

  beforeEach(async () => {
    const started = Object.entries(AIRLINES).map(async ([name, listener]) => [name, await startUpstream(listener)]);
    upstreams = Object.fromEntries(await Promise.all(started)) as Record<Airline, Upstream>;
    transport = createTransport();
    client = axios.create({ adapter: transport });
  });

  afterEach(async () => {
    await transport.close();
    for (const upstream of Object.values(upstreams)) await upstream[Symbol.asyncDispose]();
  });

  const names = Object.keys(AIRLINES) as Airline[];

  it('gives by its deadline the offers that have come, says why the others are missing, and leaves nothing under way', async () => {
    const arrived: string[] = [];
    const { results, values, complete, counts } = await gather(search(...names), {
      deadlineMs: DEADLINE_MS,
      onProgress: ({ key }) => arrived.push(key),
    });

    expect(values).toEqual({ azure: '/azure', boreal: '/boreal', condor: '/condor' });
    expect(results).toMatchObject({
      delphi: { status: 'missed', reason: 'deadline' },
      eagle: { status: 'missed', reason: 'failed', error: { response: { status: 503 } } },
      falcon: { status: 'missed', reason: 'failed', error: { code: 'ECONNRESET' } },
      gannet: { status: 'missed', reason: 'deadline' },
      heron: { status: 'missed', reason: 'deadline' },
    });
    expect(complete).toBe(false);
    expect(counts).toEqual({ total: 8, fulfilled: 3, missed: 5, pending: 0 });
    expect(arrived.toSorted()).toEqual(['azure', 'boreal', 'condor', 'eagle', 'falcon']);
    await expect.poll(() => transport.pool.inFlight).toBe(0);
    for (const name of ['delphi', 'gannet', 'heron'] as const) await expect.poll(() => upstreams[name].open).toBe(0);
    expect(upstreams.azure.open).toBe(1); // kept for the next search
  });

  it('is over when two have offers, though others hang', async () => {
    const { counts, complete } = await gather(search('gannet', 'azure', 'heron', 'boreal'), {
      settle: 'quorum',
      quorum: 2,
    });
    expect(complete).toBe(true);
    expect(counts).toMatchObject({ fulfilled: 2, missed: 2 });
    await expect.poll(() => transport.pool.inFlight).toBe(0);
  });

  it('is over with the first offer', async () => {
    const { values } = await gather(search('gannet', 'falcon', 'condor'), { settle: 'first' });
    expect(values).toEqual({ condor: '/condor' });
    await expect.poll(() => upstreams.gannet.open).toBe(0);
  });

  it('asks one after another, and asks nobody any more once the deadline has passed', async () => {
    const { results } = await gather(search('azure', 'gannet', 'boreal'), { deadlineMs: DEADLINE_MS, concurrency: 1 });
    expect(results).toMatchObject({
      azure: { value: '/azure' },
      gannet: { reason: 'deadline' },
      boreal: { reason: 'not-started' },
    });
    expect(upstreams.boreal.requests).toBe(0);
  });

  it('ends with the request that it is made for', async () => {
    const controller = new AbortController();
    const reason = new Error('the client went away');
    const onProgress = () => controller.abort(reason);
    const searching = gather(search('azure', 'gannet'), { signal: controller.signal, onProgress });
    await expect(searching).rejects.toBe(reason);
    await expect.poll(() => transport.pool.inFlight).toBe(0);
  });
});
