import { Agent, interceptors, request as send } from 'undici';
import { drain } from '../helpers/drain.mjs';

export async function create({ url, method, body, kind, acceptEncoding, maxSockets }) {
  const agent = new Agent({ connections: maxSockets });
  // undici's request decodes nothing unless it is told to.
  const dispatcher = acceptEncoding ? agent.compose(interceptors.decompress()) : agent;
  const headers = {
    accept: 'application/json',
    ...(body && { 'content-type': 'application/json' }),
    ...(acceptEncoding && { 'accept-encoding': acceptEncoding }),
  };
  const request = async () => {
    const response = await send(url, { dispatcher, method, headers, body: body && JSON.stringify(body) });
    if (response.statusCode !== 200) throw new Error(`HTTP ${response.statusCode}`);
    return kind === 'stream' ? drain(response.body) : response.body.json();
  };
  return { request, close: () => agent.close() };
}
