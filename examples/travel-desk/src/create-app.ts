import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { AppModule } from './app.module.js';
import { KEEP_ALIVE_MS, type Settings } from './settings.js';

/** The app as it is served and as it is tested. */
export async function createApp(settings: Settings): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule.with(settings));
  // By default Nest ends with the signal it got, which the kernel ignores for process 1 of a container.
  app.enableShutdownHooks([], { useProcessExit: true });
  app.getHttpServer().keepAliveTimeout = KEEP_ALIVE_MS;
  const api = new DocumentBuilder()
    .setTitle('Travel desk')
    .setDescription("Calls other people's APIs through one pooled client.")
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, api));
  return app;
}
