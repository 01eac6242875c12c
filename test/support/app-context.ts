import { type INestApplicationContext, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AxiosInstance } from 'axios';
import { onTestFinished } from 'vitest';
import {
  type ConnectionPool,
  getConnectionPoolToken,
  getHttpClientToken,
  HttpClientModule,
  type HttpClientModuleOptions,
} from '../../src/index.js';

export interface AppContext {
  readonly app: INestApplicationContext;
  readonly client: AxiosInstance;
  readonly pool: ConnectionPool;
}

/** An app without an HTTP server that imports the module, with its default client. It is closed after the test. */
export async function startAppContext(
  options: HttpClientModuleOptions = {},
  metadata: ModuleMetadata = {},
): Promise<AppContext> {
  @Module({ ...metadata, imports: [HttpClientModule.forRoot(options), ...(metadata.imports ?? [])] })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  onTestFinished(() => app.close());
  return {
    app,
    client: app.get<AxiosInstance>(getHttpClientToken()),
    pool: app.get<ConnectionPool>(getConnectionPoolToken()),
  };
}
