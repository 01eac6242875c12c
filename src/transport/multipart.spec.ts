import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FileLike, multipart } from './request-body.js';

const bytesOf = async (entries: [string, string | FileLike][], boundary?: string) => {
  const form = multipart(entries, boundary);
  return { ...form, bytes: Buffer.concat(await form.open().toArray()) };
};

describe('multipart', () => {
  it('writes text and files as RFC 7578 has them', async () => {
    const { bytes, contentType, contentLength } = await bytesOf(
      [
        ['text', 'a'],
        ['file', new File(['b'], 'b.txt', { type: 'text/plain' })],
      ],
      'boundary',
    );
    expect(contentType).toBe('multipart/form-data; boundary=boundary');
    expect(contentLength).toBe(bytes.length);
    expect(bytes.toString().split('\r\n')).toEqual([
      '--boundary',
      'Content-Disposition: form-data; name="text"',
      '',
      'a',
      '--boundary',
      'Content-Disposition: form-data; name="file"; filename="b.txt"',
      'Content-Type: text/plain',
      '',
      'b',
      '--boundary--',
      '',
    ]);
  });

  it('lets no name, file name or type break out of its header', async () => {
    const file = { name: '"\r\nx: 1', type: 'a/b\r\nx: 1', size: 0, stream: () => new Blob([]).stream() };
    const { bytes } = await bytesOf([['"\r\nx: 1', file]]);
    expect(bytes.toString()).not.toMatch(/^x: 1/m);
  });

  it('does not know its length where a file does not', async () => {
    const file = { type: 'a/b', arrayBuffer: () => Promise.resolve(new TextEncoder().encode('bytes').buffer) };
    const { bytes, contentLength } = await bytesOf([['file', file]]);
    expect(contentLength).toBeUndefined();
    expect(bytes.toString()).toContain('\r\n\r\nbytes\r\n');
  });

  it('reads a file of parts that come one by one', async () => {
    const file = {
      async *[Symbol.asyncIterator]() {
        yield Buffer.from('one ');
        yield Buffer.from('two');
      },
    };
    expect((await bytesOf([['file', file as FileLike]])).bytes.toString()).toContain('\r\n\r\none two\r\n');
  });

  it('can be read again, and stays what it was when it was made', async () => {
    const form = new FormData();
    form.append('a', '1');
    const body = multipart(form.entries());
    const first = Buffer.concat(await body.open().toArray());
    form.append('b', '2');
    expect(Buffer.concat(await body.open().toArray())).toEqual(first);
  });

  it('has a boundary of its own each time', () => {
    const boundaries = Array.from({ length: 100 }, () => multipart([]).contentType);
    expect(new Set(boundaries).size).toBe(100);
  });

  it('is read by the platform as what it was, whatever is in it', async () => {
    const value = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.uint8Array().map((bytes) => new File([bytes], 'ü.bin', { type: 'application/x' })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.string({ unit: 'grapheme', minLength: 1 }), value)), async (entries) => {
        fc.pre(entries.length > 0);
        const { bytes, contentType, contentLength } = await bytesOf(entries);
        expect(contentLength).toBe(bytes.length);
        const read = [...(await new Response(bytes, { headers: { 'content-type': contentType } }).formData())];
        expect(read).toHaveLength(entries.length);
        for (const [index, [name, content]] of entries.entries()) {
          const [readName, readContent] = read[index]!;
          expect(readName).toBe(name);
          if (typeof content === 'string') expect(readContent).toBe(content.replace(/\r?\n|\r/g, '\r\n'));
          else expect(await (readContent as File).arrayBuffer()).toEqual(await content.arrayBuffer());
        }
      }),
      { numRuns: 200 },
    );
  });
});
