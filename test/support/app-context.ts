import { type INestApplicationContext, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AxiosInstance } from 'axios';
import { onTestFinished } from 'vitest';
import { type ConnectionPool, getConnectionPoolToken, getHttpClientToken, HttpClientModule } from '../../src/index.js';

export interface AppContext {
  readonly app: INestApplicationContext;
  readonly client: AxiosInstance;
  readonly pool: ConnectionPool;
}

type Options = Parameters<typeof HttpClientModule.forRoot>[0];

/** An app without an HTTP server that imports the module, with its default client. It is closed after the test. */
export async function startAppContext(options: Options = {}, metadata: ModuleMetadata = {}): Promise<AppContext> {
  const started = await openAppContext(options, metadata);
  onTestFinished(() => started.app.close());
  return started;
}

/** The same for a hook, which closes it itself. */
export async function openAppContext(options: Options = {}, metadata: ModuleMetadata = {}): Promise<AppContext> {
  @Module({ ...metadata, imports: [HttpClientModule.forRoot(options), ...(metadata.imports ?? [])] })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  return {
    app,
    client: app.get<AxiosInstance>(getHttpClientToken()),
    pool: app.get<ConnectionPool>(getConnectionPoolToken()),
  };
}
