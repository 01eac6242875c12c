import type { AxiosInstance } from 'axios';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** Streams a file from disk. It is sent once: a stream cannot be retried. */
export async function upload(http: AxiosInstance, url: string, file: string): Promise<void> {
  const { size } = await stat(file);
  await http.put(url, createReadStream(file), {
    headers: { 'content-type': 'application/octet-stream', 'content-length': size },
    timeouts: { attemptMs: false }, // takes as long as it takes; silence of the upstream still ends it
  });
}

/** Sends a form with a file from memory. It can be retried: the key makes the POST safe to repeat. */
export async function uploadForm(http: AxiosInstance, url: string, name: string, file: Blob): Promise<void> {
  const form = new FormData();
  form.set('file', file, name);
  await http.post(url, form, { headers: { 'idempotency-key': crypto.randomUUID() } });
}
