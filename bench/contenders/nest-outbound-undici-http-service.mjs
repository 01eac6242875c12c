import { HttpService } from '@nestjs/axios';
import { HttpClientModule } from 'nest-outbound';
import { httpServiceRequest } from '../helpers/axios-request.mjs';
import { createApp } from '../helpers/nest-app.mjs';

export async function create(target) {
  const options = { engine: 'undici', pool: { maxSockets: target.maxSockets } };
  const app = await createApp(HttpClientModule.forRoot(options));
  return { request: httpServiceRequest(app.get(HttpService), target), close: () => app.close() };
}
