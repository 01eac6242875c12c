import { getHttpClientToken, HttpClientModule } from 'nest-outbound';
import { axiosRequest } from '../helpers/axios-request.mjs';
import { createApp } from '../helpers/nest-app.mjs';
import { registerSdk } from '../helpers/open-telemetry.mjs';

/** Spans and metrics, with an SDK that takes them and forgets them. */
export async function create(target) {
  registerSdk();
  const { maxSockets } = target;
  const app = await createApp(HttpClientModule.forRoot({ pool: { maxSockets }, telemetry: true }));
  return { request: axiosRequest(app.get(getHttpClientToken()), target), close: () => app.close() };
}
