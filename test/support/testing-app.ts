import type { ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import type { AxiosInstance } from 'axios';
import { onTestFinished } from 'vitest';
import { getHttpClientToken, HttpClientModule, type HttpClientModuleOptions } from '../../src/index.js';
import {
  HttpClientTestingModule,
  type HttpClientTestingOptions,
  HttpTestingController,
} from '../../src/testing/index.js';

export const BASE_URL = 'https://api.example.com';

export interface TestApp {
  readonly app: TestingModule;
  readonly client: AxiosInstance;
  readonly controller: HttpTestingController;
}

/** An app whose default client is answered by its controller; closed after the test, and nothing may be left unanswered by then. */
export async function startTestApp(
  options: HttpClientModuleOptions = {},
  testing: HttpClientTestingOptions = {},
  imports: ModuleMetadata['imports'] = [],
): Promise<TestApp> {
  const app = await Test.createTestingModule({
    imports: [
      HttpClientModule.forRoot({ baseURL: BASE_URL, ...options }),
      HttpClientTestingModule.withOptions(testing),
      ...imports,
    ],
  }).compile();
  await app.init();
  onTestFinished(() => app.close());
  return { app, client: app.get<AxiosInstance>(getHttpClientToken()), controller: app.get(HttpTestingController) };
}
