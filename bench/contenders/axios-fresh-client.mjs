import axios from 'axios';
import { createAgents, destroyAgents } from '../helpers/agents.mjs';
import { axiosRequest } from '../helpers/axios-request.mjs';

export async function create(target) {
  const request = async () => {
    const agents = createAgents(target);
    const client = axios.create({ httpAgent: agents.http, httpsAgent: agents.https });
    try {
      return await axiosRequest(client, target)();
    } finally {
      destroyAgents(agents);
    }
  };
  return { request, close: () => {} };
}
