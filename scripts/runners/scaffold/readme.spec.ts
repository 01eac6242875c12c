import { Test } from '@nestjs/testing';
import { HttpClientTestingModule, HttpTestingController } from 'nest-outbound/testing';
import { AppModule, Weather } from './readme';

it('the module of the README injects both clients, and calls with the promised one', async () => {
  const app = await Test.createTestingModule({ imports: [AppModule, HttpClientTestingModule] }).compile();
  const controller = app.get(HttpTestingController);
  controller.expectOne({ url: 'https://api.example.com/forecast', query: { city: 'Bern' } }).reply(200, { degrees: 7 });
  expect(await app.get(Weather).forecast('Bern')).toEqual({ degrees: 7 });
  controller.verify();
  await app.close();
});
