import { AxiosHeaders } from 'axios';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createCall } from '../call/call.js';
import { isSourceError } from '../errors/body.errors.js';
import { StreamedBody } from './streamed-body.js';

const call = createCall({ url: 'http://a.example/', headers: new AxiosHeaders() }, 'default');
const bodyOf = (from: Readable | (() => Readable)) => new StreamedBody(call, from);

describe('a streamed body', () => {
  it('that is opened anew each time can be sent again, however much was sent', () => {
    const body = bodyOf(() => Readable.from(['a']));
    const { source } = body.begin();
    body.remember(Buffer.alloc(100_000), 100_000);
    body.release();
    expect((source as Readable).destroyed).toBe(true);
    expect(body.canBeSentAgain).toBe(true);
    expect(body.begin().before).toHaveLength(0);
    expect(body.begin().source).not.toBe(source);
  });

  it('that is a stream can be sent again as long as 64 KiB of it were sent', () => {
    const body = bodyOf(Readable.from(['a']));
    body.begin();
    body.remember('x'.repeat(64 * 1024 - 1), 64 * 1024 - 1);
    body.remember('y', 1);
    expect(body.canBeSentAgain).toBe(true);
    expect(body.isRepeatable).toBe(false);
    body.remember('z', 1);
    expect(body.canBeSentAgain).toBe(false);
  });

  it('that is a stream is gone on with by the next exchange, which sends first what was sent before', () => {
    const stream = Readable.from(['a']);
    const body = bodyOf(stream);
    expect(body.begin()).toEqual({ source: stream, before: Buffer.alloc(0) });
    body.remember('é', 2);
    body.remember(new Uint8Array([120, 121, 122]).subarray(1), 2);
    body.release();
    expect(stream.destroyed).toBe(false);
    expect(body.begin()).toEqual({ source: stream, before: Buffer.from('éyz') });
  });

  it('leaves a stream to the caller until it is begun, and then closes it', () => {
    const stream = Readable.from(['a']);
    const body = bodyOf(stream);
    body.destroy();
    expect(stream.destroyed).toBe(false);
    body.begin();
    body.destroy();
    expect(stream.destroyed).toBe(true);
  });

  it('leaves a stream that has ended alone: its other side may be in use', () => {
    const stream = Readable.from(['a']);
    const body = bodyOf(stream);
    body.begin();
    body.hasEnded = true;
    body.destroy();
    expect(stream.destroyed).toBe(false);
  });

  it('makes the failure of its stream an axios error that is not the upstream’s', () => {
    const error = bodyOf(Readable.from([])).failed(Object.assign(new Error('disk'), { code: 'EIO' }));
    expect(error).toMatchObject({ isAxiosError: true, code: 'EIO', message: 'disk' });
    expect(isSourceError(error)).toBe(true);
  });
});
