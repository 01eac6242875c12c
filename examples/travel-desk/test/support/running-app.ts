import type { INestApplication } from '@nestjs/common';
import { type ConnectionPool, getConnectionPoolToken } from 'nest-outbound';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { createApp } from '../../src/create-app.js';
import type { Settings } from '../../src/settings.js';
import { EmbeddedUpstream } from '../../src/upstream/embedded-upstream.js';

export interface RunningApp {
  readonly app: INestApplication;
  readonly server: Server;
  readonly port: number;
  readonly pool: ConnectionPool;
  /** Where the embedded upstream listens. */
  readonly upstream: string;
  get(path: string): request.Test;
  callExternal(url: string): request.Test;
}

/** The app on free ports of loopback. */
export async function startApp(settings: Partial<Settings> = {}): Promise<RunningApp> {
  const host = '127.0.0.1';
  const app = await createApp({ host, port: 0, upstreamPort: 0, allowedPorts: false, attemptMs: 3_000, ...settings });
  app.useLogger(false);
  await app.listen(0, host);
  const server: Server = app.getHttpServer();
  const get = (path: string) => request(server).get(path);
  return {
    app,
    server,
    port: (server.address() as AddressInfo).port,
    pool: app.get<ConnectionPool>(getConnectionPoolToken()),
    upstream: app.get(EmbeddedUpstream).url,
    get,
    callExternal: (url) => get('/call-external').query({ url }),
  };
}
