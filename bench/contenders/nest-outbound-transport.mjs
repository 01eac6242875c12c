import axios from 'axios';
import { createTransport } from 'nest-outbound';
import { axiosRequest } from '../helpers/axios-request.mjs';

export async function create(target) {
  const transport = createTransport({ pool: { maxSockets: target.maxSockets } });
  return { request: axiosRequest(axios.create({ adapter: transport }), target), close: () => transport.close() };
}
