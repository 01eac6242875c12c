import { type DynamicModule, Global, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { HTTP_CLIENT_PLATFORM } from '../client/platform.js';
import { InvalidOptionsError } from '../errors/refusal.errors.js';
import { HttpClientCoreModule } from '../nest/core.module.js';
import { HttpClientDefaultModule } from '../nest/default-client.module.js';
import { HttpTestingController } from './http-testing-controller.js';
import type { HttpClientTestingOptions } from './testing-options.js';
import { type TestingPlatform, testingPlatform } from './testing-platform.js';

const OPTIONS = 'HttpClientTestingOptions';
const PLATFORM = 'HttpClientTestingPlatform';

/**
 * Has every client of the app answered by `HttpTestingController` in place of the network; interceptors, transforms, layers and most
 * of the transport run as they do in production. Import it beside the app's module, before or after, or put it in the place of
 * `HttpClientModule`: `overrideModule(HttpClientModule).useModule(HttpClientTestingModule)`. The options that the app gives
 * `HttpClientModule` hold either way; an app that does not import it gets a default client.
 */
@Global()
@Module({
  imports: [HttpClientCoreModule, HttpClientDefaultModule],
  providers: [
    {
      provide: PLATFORM,
      inject: [ModulesContainer, { token: OPTIONS, optional: true }],
      useFactory: (modules: ModulesContainer, options?: HttpClientTestingOptions) => {
        refuseSecond(modules);
        return testingPlatform(options);
      },
    },
    {
      provide: HTTP_CLIENT_PLATFORM,
      inject: [PLATFORM],
      useFactory: ({ platform }: TestingPlatform) => platform,
    },
    {
      provide: HttpTestingController,
      inject: [PLATFORM],
      useFactory: ({ controller }: TestingPlatform) => controller,
    },
  ],
  exports: [HTTP_CLIENT_PLATFORM, HttpTestingController, HttpClientCoreModule, HttpClientDefaultModule],
})
export class HttpClientTestingModule {
  /** The same, with a clock of the test's, origins that are called for real, or a recording. */
  static withOptions(options: HttpClientTestingOptions): DynamicModule {
    return { module: HttpClientTestingModule, providers: [{ provide: OPTIONS, useValue: options }] };
  }
}

/** One of two platforms would be ignored, and the other's expectations be met. */
function refuseSecond(modules: ModulesContainer): void {
  const count = [...modules.values()].filter(({ metatype }) => metatype === HttpClientTestingModule).length;
  if (count > 1) {
    throw new InvalidOptionsError('HttpClientTestingModule', [`expected one import in the whole app, got ${count}`]);
  }
}
