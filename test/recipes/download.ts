import type { AxiosInstance } from 'axios';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** @param onProgress bytes so far, and in all if the server says how many */
export async function download(
  http: AxiosInstance,
  url: string,
  file: string,
  onProgress: (received: number, total?: number) => void,
): Promise<void> {
  const { data, headers } = await http.get<Readable>(url, { responseType: 'stream' });
  const total = Number(headers['content-length']) || undefined;
  let received = 0;
  const counted = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      onProgress((received += chunk.length), total);
      yield chunk;
    }
  };
  try {
    await pipeline(data, counted, createWriteStream(`${file}.part`));
    await rename(`${file}.part`, file); // complete, or not there
  } catch (error) {
    await rm(`${file}.part`, { force: true });
    throw error;
  }
}
