import { getHttpClientToken, HttpClientModule } from 'nest-outbound';
import { axiosRequest } from '../helpers/axios-request.mjs';
import { createApp } from '../helpers/nest-app.mjs';

export async function create(target) {
  const options = { http2: true, pool: { maxSockets: target.maxSockets } };
  const app = await createApp(HttpClientModule.forRoot(options));
  return { request: axiosRequest(app.get(getHttpClientToken()), target), close: () => app.close() };
}
