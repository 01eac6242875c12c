import { AxiosHeaders, type AxiosResponse } from 'axios';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { callOf } from '../../../test/support/call-of.js';
import { startCache } from '../../../test/support/cache-start.js';
import { settle } from '../../../test/support/layer-contract.js';

const response = (headers: Record<string, string>, data: unknown = 'old'): Partial<AxiosResponse> => ({
  status: 200,
  data,
  headers: new AxiosHeaders(headers),
});
const confirmed = (headers: Record<string, string>): Partial<AxiosResponse> => ({
  status: 304,
  headers: new AxiosHeaders(headers),
});
const FRESH = { 'cache-control': 'max-age=60', etag: '"a"' };
const STALE = { 'cache-control': 'max-age=0', etag: '"a"' };

describe('a stored response, whose 304', () => {
  it.each<[string, Record<string, string>, string]>([
    ['is private', { 'cache-control': 'private, max-age=60' }, 'private'],
    ['must not be stored', { 'cache-control': 'no-store, max-age=60' }, 'no-store'],
    ['varies by what is in no header', { 'cache-control': 'max-age=60', vary: '*' }, 'Vary: *'],
  ])('%s, is for the call that asked, and for nobody else', async (_, headers, reason) => {
    const { filled, handle, requests, state, events } = startCache();
    await filled(callOf(), response(STALE));
    const [first, other] = [handle(callOf()), handle(callOf())];
    requests[1]!.answer(confirmed(headers));
    expect(await first).toMatchObject({ data: 'old', cache: { status: 'revalidated' } });
    expect(state.memory.size).toBe(0);
    expect(events.of('cache:decision').at(-1)).toMatchObject({ stored: false, reason });
    await settle();
    expect(requests).toHaveLength(3); // who has waited asks, too
    requests[2]!.answer(response(FRESH, 'its own'));
    expect((await other).data).toBe('its own');
  });

  it('is no longer public, is not for callers with other credentials', async () => {
    const { filled, handle, requests } = startCache();
    const call = (who: string) => callOf({ headers: { authorization: who } });
    await filled(call('one'), response({ 'cache-control': 'public, max-age=0', etag: '"a"' }));
    const answer = handle(call('one'));
    requests[1]!.answer(confirmed({ 'cache-control': 's-maxage=60' }));
    await answer;
    expect((await handle(call('one'))).cache?.status).toBe('hit');
    void handle(call('two'));
    expect(requests).toHaveLength(3);
  });

  it('has another Vary, is for requests like the one that it answers', async () => {
    const { filled, handle, requests } = startCache();
    const call = (language: string) => callOf({ headers: { 'accept-language': language } });
    await filled(call('nl'), response(STALE));
    const answer = handle(call('nl'));
    requests[1]!.answer(confirmed({ 'cache-control': 'max-age=60', vary: 'accept-language' }));
    await answer;
    expect((await handle(call('nl'))).cache?.status).toBe('hit');
    void handle(call('pt'));
    expect(requests).toHaveLength(3);
  });

  it('keeps a header for itself, is stored without it', async () => {
    const { filled, handle, requests } = startCache();
    await filled(callOf(), response({ ...STALE, 'x-user': 'one' }));
    const answer = handle(callOf());
    requests[1]!.answer(confirmed({ 'cache-control': 'max-age=60, no-cache="x-user"', 'x-user': 'two' }));
    await answer;
    expect((await handle(callOf())).headers['x-user']).toBeUndefined();
  });

  it('is private by what a HEAD says, is deleted (RFC 9111 §4.3.5)', async () => {
    const { filled, handle, requests, state } = startCache();
    await filled(callOf(), response(STALE));
    const head = handle(callOf({ method: 'head' }));
    requests[1]!.answer(response({ 'cache-control': 'private, max-age=60', etag: '"a"' }, ''));
    await head;
    expect(state.memory.size).toBe(0);
  });
});

describe('calls that begin when a response was invalidated', () => {
  it.each<[string, (cache: ReturnType<typeof startCache>) => unknown]>([
    ['by an unsafe method', ({ handle, requests }) => answeredPost(handle, requests)],
    ['by its URL', ({ state }) => state.forget('http://a.example/', 'deleted')],
    ['by a pattern', ({ state }) => state.purge({ kind: 'pattern', source: 'a\\.example', flags: '' })],
    ['by a tag, for it may have it', ({ state }) => state.purge({ kind: 'tag', tag: 'x' })],
    ['with all others', ({ state }) => state.purge({ kind: 'all' })],
  ])('%s, do not wait for a request that began before', async (_, invalidate) => {
    const cache = startCache();
    const { filled, handle, requests } = cache;
    await filled(callOf(), response(STALE));
    const before = handle(callOf());
    await invalidate(cache);
    const after = handle(callOf());
    const asked = requests.at(-1)!;
    asked.answer(response(FRESH, 'new'));
    expect((await after).data).toBe('new');
    requests[1]!.answer(confirmed({ 'cache-control': 'max-age=60' }));
    expect((await before).data).toBe('old');
    expect(await handle(callOf())).toMatchObject({ data: 'new', cache: { status: 'hit' } });
  });

  it('do not wait for one in the background, either', async () => {
    const { filled, handle, requests } = startCache();
    await filled(callOf(), response({ 'cache-control': 'max-age=0, stale-while-revalidate=60', etag: '"a"' }));
    await handle(callOf());
    await answeredPost(handle, requests);
    const after = handle(callOf());
    expect(requests).toHaveLength(4);
    requests[1]!.answer(confirmed({ 'cache-control': 'max-age=60' }));
    requests[3]!.answer(response(FRESH, 'new'));
    expect((await after).data).toBe('new');
    expect((await handle(callOf())).data).toBe('new');
  });

  it('do not get a stream that began before', async () => {
    const { handle, requests, state } = startCache();
    const stream = handle(callOf({ responseType: 'stream' }));
    await answeredPost(handle, requests);
    requests[0]!.answer(response(FRESH, Readable.from([Buffer.from('old')])));
    expect(await text((await stream).data as Readable)).toBe('old');
    await settle();
    expect(state.memory.size).toBe(0);
  });
});

async function answeredPost(
  handle: ReturnType<typeof startCache>['handle'],
  requests: ReturnType<typeof startCache>['requests'],
) {
  const post = handle(callOf({ method: 'post' }));
  requests.at(-1)!.answer();
  await post;
}
