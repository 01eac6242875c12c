import { HttpService } from '@nestjs/axios';
import { HttpClientModule } from 'nest-outbound';
import { httpServiceRequest } from '../helpers/axios-request.mjs';
import { createApp } from '../helpers/nest-app.mjs';

export async function create(target) {
  const app = await createApp(HttpClientModule.forRoot({ pool: { maxSockets: target.maxSockets } }));
  return { request: httpServiceRequest(app.get(HttpService), target), close: () => app.close() };
}
