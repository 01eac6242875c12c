import { EventEmitter, once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { onBodyEnd } from './body-end.js';

describe('onBodyEnd', () => {
  it.each([[undefined], [null], ['text'], [{ json: true }], [Buffer.from('bytes')], [{ pipe() {} }]])(
    'has ended at once for %o',
    (body) => {
      let ended = false;
      onBodyEnd(body, () => (ended = true));
      expect(ended).toBe(true);
    },
  );

  it('has not ended while a stream is half read, and has once it is read', async () => {
    const body = new PassThrough();
    let ended = false;
    onBodyEnd(body, () => (ended = true));
    body.write('half');
    await once(body, 'readable');
    expect(ended).toBe(false);
    body.end();
    await body.toArray();
    expect(ended).toBe(true);
  });

  it('has ended when a stream is destroyed unread', async () => {
    const body = Readable.from(['a', 'b']);
    const ended = new Promise<void>((resolve) => onBodyEnd(body, () => resolve()));
    body.destroy();
    await ended;
  });

  const EVENTS = ['end', 'finish', 'error', 'close', 'aborted', 'data', 'readable'];

  it('listens to a stream once, however many ask', () => {
    const body = new PassThrough();
    for (let i = 0; i < 50; i++) onBodyEnd(body, () => {});
    for (const event of EVENTS) expect(body.listenerCount(event), event).toBeLessThanOrEqual(1);
  });

  it.each([
    ['its end', (body: PassThrough) => void body.resume().end(), undefined],
    ['its failure', (body: PassThrough) => void body.destroy(new Error('broken')), 'broken'],
    ['its close', (body: PassThrough) => void body.destroy(), 'Premature close'],
  ])(
    'tells each of %s once, in the order in which they asked, and at once whoever asks later',
    async (_, end, message) => {
      const body = new PassThrough();
      const told: unknown[] = [];
      const ask = (name: string) =>
        onBodyEnd(body, (failure) => told.push(name, (failure as Error | undefined)?.message));
      ask('transport');
      ask('layer');
      const closed = new Promise((resolve) => body.once('close', resolve));
      body.on('error', () => told.push('caller'));
      end(body);
      await closed;
      const [...before] = told;
      ask('late');
      const caller = message === 'broken' ? ['caller'] : [];
      expect(before).toEqual(['transport', message, 'layer', message, ...caller]);
      expect(told).toEqual([...before, 'late', message]);
    },
  );

  it('tells the others, too, where one of them throws', () => {
    const body = new EventEmitter();
    Object.assign(body, { pipe() {}, readable: true });
    const told: string[] = [];
    onBodyEnd(body, () => {
      throw new Error('the callback’s');
    });
    onBodyEnd(body, () => told.push('other'));
    expect(() => body.emit('end')).toThrow('the callback’s');
    expect(told).toEqual(['other']);
  });
});
