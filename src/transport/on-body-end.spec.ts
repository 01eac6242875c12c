import { PassThrough, Readable } from 'node:stream';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onBodyEnd } from './on-body-end.js';

describe('onBodyEnd', () => {
  it.each([[undefined], [null], ['text'], [{ json: true }], [Buffer.from('bytes')]])(
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
});
