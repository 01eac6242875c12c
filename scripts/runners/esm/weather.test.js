// Runs in jest and in node:test.
import { Test } from '@nestjs/testing';
import { HttpClientModule } from 'nest-outbound';
import { HttpClientTestingModule, HttpTestingController, ManualClock } from 'nest-outbound/testing';
import assert from 'node:assert/strict';
import request from 'supertest';
import { AppModule } from './app.js';

const { afterEach, beforeEach, describe, it } = globalThis.describe ? globalThis : await import('node:test');
const where = globalThis.describe ? 'test "weather is told of what nobody expected"' : 'file weather.test.js';

describe('weather', () => {
  let app;
  let clock;
  let controller;

  beforeEach(async () => {
    clock = new ManualClock();
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .overrideModule(HttpClientModule)
      .useModule(HttpClientTestingModule.withOptions({ clock }))
      .compile();
    app = module.createNestApplication({ logger: false });
    await app.init();
    controller = app.get(HttpTestingController);
  });
  afterEach(() => controller.verify());
  afterEach(() => app.close());

  it('asks for a city', async () => {
    controller.expectOne({ url: '/forecast', query: { city: 'Bern' } }).reply(200, { degrees: 7 });
    await request(app.getHttpServer()).get('/weather/Bern').expect(200, { degrees: 7 });
  });

  it('gives up in time', async () => {
    const asked = controller.waitFor('/forecast');
    const response = request(app.getHttpServer()).get('/weather/Bern');
    const answered = response.then(({ status }) => status);
    (await asked).hang();
    await clock.advance(2_000);
    assert.equal(await answered, 500);
  });

  it('is told of what nobody expected', async () => {
    await request(app.getHttpServer()).get('/weather/Basel').expect(500);
    assert.throws(
      () => controller.verify(),
      ({ message }) => message.endsWith(`city=Basel of client "default" was not expected: nothing is (${where})`),
    );
  });
});
