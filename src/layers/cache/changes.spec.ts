import { AxiosError, AxiosHeaders, type AxiosResponse } from 'axios';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callOf } from '../../../test/support/call-of.js';
import { startCache } from '../../../test/support/cache-start.js';
import { itKeepsTheLayerContract, settle } from '../../../test/support/layer-contract.js';
import { scriptedHandler } from '../../../test/support/scripted-handler.js';
import { coalesce } from '../coalesce/coalesce.js';
import { UnderWay } from '../coalesce/under-way.js';
import { Changes, changes } from './changes.js';

const response = (data: string, headers: Record<string, string> = {}): Partial<AxiosResponse> => ({
  status: 200,
  data,
  headers: new AxiosHeaders({ 'cache-control': 'max-age=60', ...headers }),
});

itKeepsTheLayerContract('changes', () => changes(new Changes(new UnderWay(), () => undefined)));

/** Calls that share requests, without a cache. */
function startCoalesce() {
  const { handler, requests } = scriptedHandler();
  const underWay = new UnderWay();
  const handle = changes(new Changes(underWay, () => undefined))(coalesce(underWay)(handler));
  return { handle, requests, underWay };
}

/** Without a cache, and with one that calls pass through on their way to `coalesce`. */
const KINDS = [
  ['shares requests', startCoalesce],
  ['has a cache', () => startCache()],
  ['has a cache and shares requests', () => startCache({}, { coalesces: true })],
] as const;

type Started = Pick<ReturnType<typeof startCoalesce>, 'handle' | 'requests'>;

async function write({ handle, requests }: Started, config: Record<string, unknown>, answer: Partial<AxiosResponse>) {
  const writing = handle(callOf(config));
  requests.at(-1)!.answer(answer);
  await writing;
}

describe.each(KINDS)('where a client %s, a GET that begins after', (_, start) => {
  it.each<[string, Record<string, unknown>, Partial<AxiosResponse>]>([
    ['a POST', { method: 'post' }, {}],
    ['a PUT', { method: 'put', data: 'x' }, { status: 204 }],
    ['a DELETE', { method: 'delete' }, {}],
    ['a method that nobody knows', { method: 'frobnicate' }, {}],
    ['a GET that upstreams may take for another', { headers: { 'X-HTTP-Method-Override': 'DELETE' } }, {}],
    ['a POST that leads there', { method: 'post' }, { status: 303, headers: new AxiosHeaders({ location: '/' }) }],
    ['a POST whose Location it is', { method: 'post', url: 'http://a.example/items' }, { headers: new AxiosHeaders({ location: 'http://a.example/' }) }], // prettier-ignore
    ['a POST whose Content-Location it is', { method: 'post', url: 'http://a.example/items' }, { headers: new AxiosHeaders({ 'content-location': '/' }) }], // prettier-ignore
    ['a POST that was redirected there', { method: 'post', url: 'http://a.example/items' }, { request: { res: { responseUrl: 'http://a.example/' } } }], // prettier-ignore
    ['a POST that was refused, but may have been carried out', { method: 'post' }, { status: 500 }],
  ])('%s joins no request that began before, and no later one gets its answer', async (_name, config, answer) => {
    const started = start();
    const { handle, requests } = started;
    const before = handle(callOf());
    await write(started, config, answer);
    const after = handle(callOf());
    expect(requests).toHaveLength(3);
    requests[2]!.answer(response('new'));
    expect((await after).data).toBe('new');
    requests[0]!.answer(response('old'));
    expect((await before).data).toBe('old');
    const later = handle(callOf());
    requests[3]?.answer(response('newer'));
    expect((await later).data).not.toBe('old');
  });

  it('a POST whose answer is lost joins none, either', async () => {
    const { handle, requests } = start();
    const before = handle(callOf());
    const post = handle(callOf({ method: 'post' }));
    requests[1]!.fail(new AxiosError('reset', 'ECONNRESET'));
    await expect(post).rejects.toThrow('reset');
    const after = handle(callOf());
    requests[2]!.answer(response('new'));
    requests[0]!.answer(response('old'));
    expect([(await before).data, (await after).data]).toEqual(['old', 'new']);
  });

  it('a POST to elsewhere joins as ever', async () => {
    const started = start();
    const { handle, requests } = started;
    const before = handle(callOf());
    const location = new AxiosHeaders({ location: 'http://other.example/' });
    await write(started, { method: 'post', url: 'http://a.example/other' }, { headers: location });
    const after = handle(callOf());
    expect(requests).toHaveLength(2);
    requests[0]!.answer(response('text'));
    expect([(await before).data, (await after).data]).toEqual(['text', 'text']);
  });

  it('a POST to the same path of another socket joins as ever', async () => {
    const started = start();
    void started.handle(callOf({ socketPath: '/a' }));
    await write(started, { method: 'post', socketPath: '/b' }, {});
    void started.handle(callOf({ socketPath: '/a' }));
    expect(started.requests).toHaveLength(2);
  });

  it('a POST joins what began after it', async () => {
    const started = start();
    await write(started, { method: 'post' }, {});
    void started.handle(callOf());
    void started.handle(callOf());
    expect(started.requests).toHaveLength(2);
  });

  it('a POST reads what is written, however reads and writes overlap', async () => {
    type Step = { readonly kind: 'read' | 'write' | 'answer'; readonly at: number };
    const step = fc.record({ kind: fc.constantFrom('read', 'write', 'answer'), at: fc.nat(100) }) as fc.Arbitrary<Step>;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const { handle, requests } = start();
        let version = 0; // what the upstream has
        const open: (() => void)[] = [];
        const reads: Promise<void>[] = [];
        const seen = new Set<unknown>();
        // The upstream looks at what it has when a request comes, and answers when the test says so.
        const serve = () => {
          for (const request of requests) {
            if (seen.has(request)) continue;
            seen.add(request);
            const isWrite = request.call.method === 'POST';
            if (isWrite) version++;
            const had = version;
            open.push(() => request.answer(isWrite ? {} : response(String(had))));
          }
        };
        let written = 0; // what the latest write that has ended has made
        for (const { kind, at } of steps) {
          if (kind === 'answer') {
            if (open.length > 0) open.splice(at % open.length, 1)[0]!();
            await settle();
          } else if (kind === 'write') {
            const writing = handle(callOf({ method: 'post' }));
            serve();
            const own = version;
            reads.push(writing.then(() => void (written = Math.max(written, own))));
          } else {
            const atLeast = written;
            reads.push(handle(callOf()).then(({ data }) => expect(Number(data)).toBeGreaterThanOrEqual(atLeast)));
          }
          serve();
        }
        for (let round = 0; round < 3; round++) {
          for (const answer of open.splice(0)) answer();
          await settle();
          serve();
        }
        await Promise.all(reads);
      }),
      { numRuns: 25 },
    );
  });
});

describe('where a client has a cache', () => {
  it('a response to an earlier request does not replace that to a later one', async () => {
    const { handle, requests, pass } = startCache();
    const stream = { responseType: 'stream' }; // each asks for itself
    const first = handle(callOf(stream));
    pass(1);
    const second = handle(callOf(stream));
    requests[1]!.answer(response('new'));
    await second;
    requests[0]!.answer(response('old'));
    await first;
    expect((await handle(callOf())).data).toBe('new');
  });

  it('but does where that is from the future: the clock was set back', async () => {
    const { filled, handle, wall } = startCache();
    await filled(callOf(), response('then', { 'cache-control': 'max-age=0', etag: '"a"' }));
    wall.nowMs -= 3_600_000;
    await filled(callOf(), response('now'));
    expect((await handle(callOf())).data).toBe('now');
  });
});

describe('where a client has a cache and shares requests', () => {
  const apart = { 'cache-control': 'no-store' };

  it('the first burst for what must not be stored shares one request', async () => {
    const { handle, requests, events } = startCache({}, { coalesces: true });
    const calls = [callOf(), callOf(), callOf()];
    const answers = calls.map((call) => handle(call));
    requests[0]!.answer(response('text', apart));
    const responses = await Promise.all(answers);
    expect(requests).toHaveLength(1);
    expect(responses).toMatchObject(calls.map(({ config }) => ({ data: 'text', cache: { status: 'miss' }, config })));
    expect(new Set(responses.map(({ headers }) => headers)).size).toBe(3);
    expect(events.of('cache:miss')).toHaveLength(3);
  });

  it('and so it does a status that is refused', async () => {
    const { handle, requests } = startCache({}, { coalesces: true });
    const calls = [callOf(), callOf()];
    const answers = calls.map((call) => handle(call));
    requests[0]!.refuse(404);
    for (const [index, answer] of answers.entries()) {
      await expect(answer).rejects.toMatchObject({ status: 404, config: calls[index]!.config });
    }
    expect(requests).toHaveLength(1);
  });

  it('but not with calls that send something else', async () => {
    const { handle, requests } = startCache({}, { coalesces: true });
    const answers = [handle(callOf()), handle(callOf({ headers: { 'x-request-id': '2' } }))];
    requests[0]!.answer(response('one', apart));
    await settle();
    requests[1]!.answer(response('two', apart));
    expect((await Promise.all(answers)).map(({ data }) => data)).toEqual(['one', 'two']);
  });

  it('and a 304 that is for one call only is not for those who have waited', async () => {
    const { filled, handle, requests } = startCache({}, { coalesces: true });
    await filled(callOf(), response('old', { 'cache-control': 'max-age=0', etag: '"a"' }));
    const answers = [handle(callOf()), handle(callOf())];
    requests[1]!.answer({ status: 304, headers: new AxiosHeaders({ 'cache-control': 'private' }) });
    await settle();
    requests[2]!.answer(response('own', apart));
    expect((await Promise.all(answers)).map(({ data }) => data)).toEqual(['old', 'own']);
  });
});
