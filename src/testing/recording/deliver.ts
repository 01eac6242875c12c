import type { AxiosResponse } from 'axios';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { noTimings } from '../../base/timings.js';
import { bodyLimit } from '../../call/body-limit.js';
import type { Call } from '../../call/call.js';
import { collectedBody } from '../../transport/axios-adapter.js';
import { decodedBody, limitedBody } from '../../transport/response-body.js';
import { axiosResponse } from '../../transport/response.js';
import { decodeData, settled } from '../../call/response-data.js';
import { MAX_FIXTURE_BODY_BYTES } from './fixture.js';

/**
 * What the native transport makes of a response: decoded, within the call's `maxContentLength`, as its `responseType` says.
 * @param request what it was sent with; undefined where nothing was
 * @throws AxiosError as the transport does, for a status that the call does not accept, or a body that is too large
 */
export async function deliver(call: Call, message: IncomingMessage, request?: ClientRequest): Promise<AxiosResponse> {
  const { config, method } = call;
  const answered = request ?? ({ method, res: message } as unknown as ClientRequest);
  const decoded = config.decompress === false ? message : decodedBody(message, method);
  const limit = bodyLimit(call, answered, MAX_FIXTURE_BODY_BYTES);
  const response = axiosResponse(config, { request: answered, timings: noTimings() }, message);
  response.data =
    config.responseType === 'stream'
      ? limitedBody(decoded, bodyLimit(call, answered, false))
      : decodeData(await collectedBody(decoded, limit), config);
  return settled(response);
}
