import type { INestApplication } from '@nestjs/common';
import { type ConnectionPool, getConnectionPoolToken } from 'nest-outbound';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { createApp } from '../../src/create-app.js';
import { settingsWith } from '../../src/settings/read-settings.js';
import type { SettingsInput } from '../../src/settings/schema.js';
import { EmbeddedUpstream } from '../../src/upstreams/pages/embedded-upstream.js';

export interface RunningApp {
  readonly app: INestApplication;
  readonly server: Server;
  readonly port: number;
  readonly pool: ConnectionPool;
  /** Where the embedded upstream listens. */
  readonly upstream: string;
  get(path: string): request.Test;
  post(path: string): request.Test;
  callExternal(url: string): request.Test;
}

/** What the tests run with, where it is not the default. */
const ENGINE = process.env['ENGINE'] as SettingsInput['engine'];

/** Searches that wait for every airline, however slow the machine. */
export const PATIENT = { deadlineMs: 60_000, attemptMs: 60_000 };

/** The app on free ports of loopback, with nobody to monitor unless there is something given. */
export async function startApp({ monitor, ...settings }: SettingsInput = {}): Promise<RunningApp> {
  const app = await createApp(
    settingsWith({
      port: 0,
      upstreamPort: 0,
      engine: ENGINE,
      ...settings,
      monitor: { endpoints: [], jitterMs: 0, ...monitor },
    }),
  );
  app.useLogger(false);
  await app.listen(0, '127.0.0.1');
  const server: Server = app.getHttpServer();
  const get = (path: string) => request(server).get(path);
  return {
    app,
    server,
    port: (server.address() as AddressInfo).port,
    pool: app.get<ConnectionPool>(getConnectionPoolToken()),
    upstream: app.get(EmbeddedUpstream, { strict: false }).url,
    get,
    post: (path) => request(server).post(path),
    callExternal: (url) => get('/call-external').query({ url }),
  };
}
