import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

/** A Nest application context that imports one module. */
export function createApp(imported) {
  class AppModule {}
  Module({ imports: [imported] })(AppModule);
  return NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
}
