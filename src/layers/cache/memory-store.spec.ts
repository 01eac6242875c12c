import { describe, expect, it } from 'vitest';
import { MemoryStore } from './memory-store.js';
import type { EvictionReason } from './store.js';
import type { StoredResponse } from './stored.js';

function responseOf(url: string, bytes = 100, tags: readonly string[] = []): StoredResponse {
  return {
    url,
    status: 200,
    statusText: 'OK',
    headers: { 'cache-control': 'max-age=60', 'content-type': 'text/plain' },
    body: Buffer.alloc(bytes),
    isText: false,
    lifetime: {
      statedMs: 60_000,
      heuristicMs: 0,
      initialAgeMs: 0,
      noCache: false,
      mustRevalidate: false,
      whileRevalidateMs: 0,
      ifErrorMs: 0,
    },
    requestedAt: 0,
    respondedAt: 0,
    selectors: [],
    audience: '',
    apart: '',
    tags,
  };
}

describe('responses in memory', () => {
  it('stay within their bytes, whatever the number of URLs: the one used least recently goes first', () => {
    const evicted: string[] = [];
    const store = new MemoryStore({ maxBytes: 10_000, maxEntries: 1_000 }, (url) => evicted.push(url));
    for (let i = 0; i < 8; i++) {
      store.set(String(i), [responseOf(String(i))]);
      store.get('0');
    }
    expect(store.bytes).toBeLessThanOrEqual(10_000);
    expect(store.get('0')).toBeDefined();
    store.set('large', [responseOf('large', 7_000)]);
    expect(evicted.slice(0, 2)).toEqual(['1', '2']);
    expect(store.get('0')?.[0]?.body.length).toBe(100);
    store.set('too large', [responseOf('too large', 20_000)]);
    expect(store.get('too large')).toBeUndefined();
    expect(store.get('0')).toBeDefined();
  });

  it('stay within their number', () => {
    const store = new MemoryStore({ maxBytes: 10 ** 9, maxEntries: 3 });
    for (let i = 0; i < 10; i++) store.set(String(i), [responseOf(String(i))]);
    expect(store.size).toBe(3);
  });

  it('say why they go', () => {
    const reasons: EvictionReason[] = [];
    const store = new MemoryStore({ maxBytes: 10 ** 9, maxEntries: 2 }, (_url, _responses, _bytes, reason) =>
      reasons.push(reason),
    );
    for (const url of ['a', 'b', 'c']) store.set(url, [responseOf(url)]);
    store.set('c', [responseOf('c')]); // in place of itself: nothing goes
    store.delete('c', 'invalidated');
    store.delete('unknown', 'invalidated');
    store.purge({ kind: 'all' });
    expect(reasons).toEqual(['size', 'invalidated', 'deleted']);
  });

  it('of one URL go one by one, where only some have a tag', () => {
    const store = new MemoryStore({ maxBytes: 10 ** 9, maxEntries: 2 });
    store.set('a', [responseOf('a', 1, ['x']), responseOf('a', 2, ['y'])]);
    store.purge({ kind: 'tag', tag: 'x' });
    expect(store.get('a')?.map(({ body }) => body.length)).toEqual([2]);
  });

  it('take about what is counted for them, of a million URLs', { tags: 'slow' }, () => {
    const maxBytes = 50 * 1024 * 1024;
    const store = new MemoryStore({ maxBytes, maxEntries: 10 ** 6 });
    const used = () => {
      globalThis.gc?.();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const before = used();
    for (let i = 0; i < 1_000_000; i++) {
      const url = `https://api.example.com/items/${i}`;
      store.set(url, [responseOf(url)]);
    }
    expect(store.bytes).toBeLessThanOrEqual(maxBytes);
    expect(store.bytes).toBeGreaterThan(maxBytes * 0.9);
    // Garbage that is not collected yet, and the places of the map, come on top.
    if (globalThis.gc) expect(used() - before).toBeLessThan(maxBytes * 2);
  });
});
