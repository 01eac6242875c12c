import { HttpModule, HttpService } from '@nestjs/axios';
import { createAgents, destroyAgents } from '../helpers/agents.mjs';
import { httpServiceRequest } from '../helpers/axios-request.mjs';
import { createApp } from '../helpers/nest-app.mjs';

export async function create(target) {
  const agents = createAgents(target);
  const app = await createApp(HttpModule.register({ httpAgent: agents.http, httpsAgent: agents.https }));
  return {
    request: httpServiceRequest(app.get(HttpService, { strict: false }), target),
    close: async () => {
      await app.close();
      destroyAgents(agents);
    },
  };
}
