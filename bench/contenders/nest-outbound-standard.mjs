import { getHttpClientToken, HttpClientModule } from 'nest-outbound';
import { axiosRequest } from '../helpers/axios-request.mjs';
import { createApp } from '../helpers/nest-app.mjs';

export async function create(target) {
  const { maxSockets } = target;
  const app = await createApp(HttpClientModule.forRoot({ pool: { maxSockets }, resilience: 'standard' }));
  return { request: axiosRequest(app.get(getHttpClientToken()), target), close: () => app.close() };
}
