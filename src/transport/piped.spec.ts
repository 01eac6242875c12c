import { once } from 'node:events';
import { PassThrough, Transform } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { piped } from './response-body.js';

/** Takes a part when the test says so. */
function slow() {
  const parts: string[] = [];
  let take = () => {};
  const into = new Transform({
    transform(part: Buffer, _encoding, callback) {
      parts.push(part.toString());
      take = () => callback(null, part);
    },
  });
  return { into, parts, take: () => take() };
}

describe('piped', () => {
  it('hands on what comes while the transform is at work together, and then its end', async () => {
    const source = new PassThrough();
    const { into, parts, take } = slow();
    const read = piped(source, into).toArray();
    for (const part of ['a', 'b', 'c', 'd']) source.write(part);
    source.end();
    await once(source, 'close');
    expect(parts).toEqual(['a']);
    take();
    expect(parts).toEqual(['a', 'bcd']);
    take();
    expect(Buffer.concat(await read).toString()).toBe('abcd');
  });

  it('stops reading the source while enough waits, and goes on', async () => {
    const source = new PassThrough();
    const { into, parts, take } = slow();
    piped(source, into).resume();
    source.write('first');
    source.write('x'.repeat(16 * 1024));
    await new Promise(setImmediate);
    expect(source.isPaused()).toBe(true);
    take();
    expect(source.isPaused()).toBe(false);
    expect(parts).toHaveLength(2);
    source.destroy();
  });

  it.each([
    ['fails', (source: PassThrough) => source.destroy(new Error('broken')), 'broken'],
    ['closes before its end', (source: PassThrough) => source.destroy(), 'Premature close'],
  ])('fails with a source that %s', async (_, end, message) => {
    const source = new PassThrough();
    const into = piped(source, new PassThrough());
    const failed = once(into.resume(), 'error');
    end(source);
    expect(await failed).toMatchObject([{ message }]);
  });

  it.each([
    ['fails', (into: Transform) => into.destroy(new Error('broken'))],
    ['is closed', (into: Transform) => into.destroy()],
    ['has had enough', (into: Transform) => into.push(null)],
  ])('closes a source whose transform %s', async (_, end) => {
    const source = new PassThrough();
    const into = piped(source, new PassThrough()).resume();
    source.write('part');
    end(into);
    await once(source, 'close');
    expect(source.destroyed).toBe(true);
  });

  it('leaves room for other listeners', () => {
    const into = piped(new PassThrough(), new PassThrough());
    for (const event of ['end', 'finish', 'error', 'close', 'drain', 'unpipe', 'data']) {
      expect(into.listenerCount(event), event).toBeLessThanOrEqual(event === 'finish' ? 2 : 1);
    }
  });
});
