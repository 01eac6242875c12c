import { Agent, fetch } from 'undici';
import { fetchRequest } from '../helpers/fetch-request.mjs';

export async function create(target) {
  const dispatcher = new Agent({ connections: target.maxSockets });
  return { request: fetchRequest(fetch, target, { dispatcher }), close: () => dispatcher.close() };
}
