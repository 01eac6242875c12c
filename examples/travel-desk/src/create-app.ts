import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SwaggerModule } from '@nestjs/swagger';
import { AppModule } from './app.module.js';
import { openApiDocument } from './openapi.js';
import type { Settings } from './settings/schema.js';
import { KEEP_ALIVE_MS } from './settings/times.js';

/** The app as it is served and as it is tested. */
export async function createApp(settings: Settings): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule.with(settings));
  // By default Nest ends with the signal it got, which the kernel ignores for process 1 of a container.
  app.enableShutdownHooks([], { useProcessExit: true });
  app.getHttpServer().keepAliveTimeout = KEEP_ALIVE_MS;
  SwaggerModule.setup('docs', app, () => openApiDocument(app));
  return app;
}
