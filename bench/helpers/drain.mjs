/** Reads a Node stream to its end. Resolves with its number of bytes. */
export function drain(readable) {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    readable.on('data', ({ length }) => (bytes += length));
    readable.on('end', () => resolve(bytes));
    readable.on('error', reject);
  });
}

/** The same of a web stream. */
export async function drainWeb(stream) {
  let bytes = 0;
  for await (const { length } of stream) bytes += length;
  return bytes;
}
