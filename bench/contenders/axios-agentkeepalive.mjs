import axios from 'axios';
import { createAgents, destroyAgents } from '../helpers/agents.mjs';
import { axiosRequest } from '../helpers/axios-request.mjs';

export async function create(target) {
  const agents = createAgents(target);
  const client = axios.create({ httpAgent: agents.http, httpsAgent: agents.https });
  return { request: axiosRequest(client, target), close: () => destroyAgents(agents) };
}
