import { HttpService } from '@nestjs/axios';
import { Test } from '@nestjs/testing';
import { of } from 'rxjs';
import { QuotesModule, QuotesService } from './quotes';

it('quotes', async () => {
  const module = await Test.createTestingModule({ imports: [QuotesModule] })
    .overrideProvider(HttpService)
    .useValue({ get: () => of({ data: { text: 'hello' } }) })
    .compile();
  expect(await module.get(QuotesService).quote()).toBe('hello');
});
