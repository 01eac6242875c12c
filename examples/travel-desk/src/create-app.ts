import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { AppModule } from './app.module.js';
import type { Settings } from './settings.js';

/** The app as it is served and as it is tested. */
export async function createApp(settings: Settings): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule.with(settings));
  app.enableShutdownHooks();
  const api = new DocumentBuilder()
    .setTitle('Travel desk')
    .setDescription("Calls other people's APIs through one pooled client.")
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, api));
  return app;
}
