import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { AddressInfo } from 'node:net';

/** The two that Nest has. */
export const PLATFORMS: readonly (readonly [name: string, adapter: () => AbstractHttpAdapter])[] = [
  ['express', () => new ExpressAdapter()],
  ['fastify', () => new FastifyAdapter()],
];

export interface RunningApp extends AsyncDisposable {
  readonly app: INestApplication;
  readonly url: string;
}

/**
 * An app that listens on loopback.
 * @param setUp before it listens
 */
export async function startApp(
  adapter: AbstractHttpAdapter,
  metadata: ModuleMetadata | (new () => object),
  setUp: (app: INestApplication) => void = () => {},
): Promise<RunningApp> {
  let root = metadata;
  if (typeof root !== 'function') {
    class AppModule {}
    Module(root)(AppModule);
    root = AppModule;
  }
  const app = await NestFactory.create(root, adapter, { logger: false, forceCloseConnections: true });
  setUp(app);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { app, url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => app.close() };
}
