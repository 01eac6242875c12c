import { type DynamicModule, Global, Inject, Module } from '@nestjs/common';
import type { Settings } from './schema.js';

export const SETTINGS = Symbol('Settings');

export const InjectSettings = (): ParameterDecorator => Inject(SETTINGS);

/** Makes the settings injectable everywhere. */
@Global()
@Module({})
export class SettingsModule {
  static with(settings: Settings): DynamicModule {
    return { module: SettingsModule, providers: [{ provide: SETTINGS, useValue: settings }], exports: [SETTINGS] };
  }
}
