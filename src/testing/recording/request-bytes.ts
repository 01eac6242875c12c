import { type AxiosHeaders, type InternalAxiosRequestConfig, isAxiosError } from 'axios';
import { finished, PassThrough, type Readable } from 'node:stream';
import { destroySource } from '../../base/source.js';
import type { Call } from '../../call/call.js';
import { collectedBody } from '../../transport/axios-adapter.js';
import { isInMemory, requestBody, streamedRequestBody } from '../../transport/request-body.js';
import type { BodyLimit } from '../../call/body-limit.js';

/** A request whose body is in memory. */
export interface BufferedRequest {
  readonly bytes: Buffer;
  /** That sends these bytes, also where they were a stream before. */
  readonly config: InternalAxiosRequestConfig;
}

/**
 * Reads the body of a call as it is to be sent. Streams are read to their ends.
 * @throws what the transport would throw for data that cannot be sent; the reason of the call, where it is cancelled meanwhile
 */
export async function bufferedRequest(call: Call): Promise<BufferedRequest> {
  const { config } = call;
  const streamed = isInMemory(config.data) ? undefined : await streamedRequestBody(call);
  if (!streamed) return { bytes: requestBody(config) ?? Buffer.alloc(0), config };
  streamed.body.assertUsable();
  const { body } = streamed;
  const { source } = body.begin();
  const limit = { maxBytes: body.maxBytes, error: () => body.tooLarge() };
  try {
    const bytes = await readAll(source as Readable, call, limit);
    const headers: AxiosHeaders = streamed.headers;
    headers.delete('transfer-encoding');
    headers.set('content-length', String(bytes.length));
    return { bytes, config: Object.assign(Object.create(null), config, { headers, data: bytes }) };
  } catch (error) {
    destroySource(source);
    throw error === call.cancellation.reason || isAxiosError(error) ? error : body.failed(error);
  }
}

/** Also of streams from before there were Readables, as the forms of the form-data package are. */
function readAll(source: Readable, { cancellation }: Call, limit: BodyLimit): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const into = new PassThrough();
    const end = (settle: () => void) => {
      cancellation.unsubscribe(cancel);
      settle();
    };
    const cancel = (reason: Error) => end(() => reject(reason));
    cancellation.subscribe(cancel);
    finished(source, { writable: false }, (error) => error && end(() => reject(error)));
    collectedBody(into, limit).then(
      (bytes) => end(() => resolve(bytes)),
      (error: unknown) => end(() => reject(error)),
    );
    source.pipe(into);
  });
}
