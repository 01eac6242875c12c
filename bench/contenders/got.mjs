import { got } from 'got';
import { createAgents, destroyAgents } from '../helpers/agents.mjs';
import { drain } from '../helpers/drain.mjs';

export async function create(target) {
  const { url, method, body, kind } = target;
  const agents = createAgents(target);
  const client = got.extend({ agent: agents, retry: { limit: 0 } }); // a retry would hide an error
  const request =
    kind === 'stream'
      ? () => drain(client.stream(url))
      : () => client(url, { method, ...(body && { json: body }) }).json();
  return { request, close: () => destroyAgents(agents) };
}
