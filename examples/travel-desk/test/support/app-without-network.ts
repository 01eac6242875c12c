import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { HttpClientTestingModule, HttpTestingController, ManualClock } from 'nest-outbound/testing';
import request from 'supertest';
import { AppModule } from '../../src/app.module.js';
import { settingsWith } from '../../src/settings/read-settings.js';
import type { SettingsInput } from '../../src/settings/schema.js';

export interface AppWithoutNetwork {
  readonly app: INestApplication;
  /** Answers what the app asks others for. */
  readonly controller: HttpTestingController;
  /** Moves only when a test says so. */
  readonly clock: ManualClock;
  get(path: string): request.Test;
}

/** The app with nobody to monitor, whose calls are answered by the test. The embedded upstreams are there, and nobody calls them. */
export async function startWithoutNetwork(settings: SettingsInput = {}): Promise<AppWithoutNetwork> {
  const clock = new ManualClock();
  const module = await Test.createTestingModule({
    imports: [
      AppModule.with(settingsWith({ upstreamPort: 0, monitor: { endpoints: [] }, ...settings })),
      HttpClientTestingModule.withOptions({ clock, random: () => 0.5 }), // half of every jitter
    ],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.init();
  return {
    app,
    controller: app.get(HttpTestingController),
    clock,
    get: (path) => request(app.getHttpServer()).get(path),
  };
}
