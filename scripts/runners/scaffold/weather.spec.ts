import { HttpService } from '@nestjs/axios';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { HttpClientModule } from 'nest-outbound';
import {
  type ExpectedRequest,
  HttpClientTestingModule,
  HttpTestingController,
  ManualClock,
} from 'nest-outbound/testing';
import request from 'supertest';
import { AppModule } from './weather';

describe('weather', () => {
  let app: INestApplication;
  let clock: ManualClock;
  let controller: HttpTestingController;

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
    const asked: Promise<ExpectedRequest> = controller.waitFor('/forecast');
    const response = request(app.getHttpServer()).get('/weather/Bern');
    const answered = response.then(({ status }) => status);
    (await asked).hang();
    await clock.advance(2_000);
    expect(await answered).toBe(500);
  });

  it('is answered while timers are faked, and `process.nextTick` with them', async () => {
    const http = app.get(HttpService);
    jest.useFakeTimers();
    try {
      controller.match('/forecast').stream(['7 ', 'degrees']);
      expect((await http.axiosRef.post('/forecast', 'x'.repeat(100_000))).data).toBe('7 degrees');
      controller.match('/slow').delay(1_000).reply(200, 'late');
      const slow = http.axiosRef.get('/slow');
      await clock.advance(1_000);
      expect((await slow).data).toBe('late');
    } finally {
      jest.useRealTimers();
    }
  });

  it('is told of what nobody expected', async () => {
    await request(app.getHttpServer()).get('/weather/Basel').expect(500);
    expect(() => controller.verify()).toThrow('nothing is (test "weather is told of what nobody expected")');
  });
});
