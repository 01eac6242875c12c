import { ConfigurableModuleBuilder, Global, Module, type ModuleMetadata } from '@nestjs/common';
import type { HttpClientInterceptor } from '../client/create-client.js';
import { InvalidOptionsError } from '../errors/refusal.errors.js';
import { type CustomLayer, type HttpClientLayer, layerClasses, placedLayers } from '../layers/order.js';
import type { HttpClientInterceptors, HttpClientModuleOptions } from '../options/http-client-options.js';
import { findProblems } from '../options/problems.js';
import { extrasSchema } from '../options/schema.js';

/** Options that shape the module itself. Set them beside the other options of `forRoot`, or beside `useFactory` of `forRootAsync`. */
export interface HttpClientModuleExtras {
  /**
   * Injectable classes that wrap every call of the default client, the outermost first.
   * @default none
   */
  interceptors?: HttpClientInterceptors;
  /**
   * Your own layers around every call of the default client.
   * @default none
   */
  layers?: readonly CustomLayer[];
  /**
   * Modules that export what the interceptors and layers inject.
   * @default none
   */
  imports?: ModuleMetadata['imports'];
}

const OPTIONS = 'HttpClientModuleOptions';
export const INTERCEPTORS = 'HttpClientInterceptors(default)';
export const LAYERS = 'HttpClientLayers(default)';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<HttpClientModuleOptions>({ moduleName: 'HttpClient', optionsInjectionToken: OPTIONS })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createHttpClientOptions')
    .setExtras<HttpClientModuleExtras>({ interceptors: [], layers: [], imports: [] }, (definition, extras) => {
      const { interceptors = [], layers = [], imports = [] } = extras;
      const problems = findProblems(extrasSchema, { interceptors, layers });
      if (problems.length > 0) throw new InvalidOptionsError('HttpClientModule.forRoot', problems);
      return {
        ...definition,
        imports: [...(definition.imports ?? []), ...imports],
        providers: [
          ...(definition.providers ?? []),
          ...interceptors,
          ...layerClasses(layers),
          {
            provide: LAYERS,
            useFactory: (...instances: HttpClientLayer[]) => placedLayers(layers, instances),
            inject: layerClasses(layers),
          },
          {
            provide: INTERCEPTORS,
            useFactory: (...instances: HttpClientInterceptor[]) => instances,
            inject: [...interceptors],
          },
        ],
        exports: [OPTIONS, LAYERS, INTERCEPTORS],
      };
    })
    .build();

/** Holds what `HttpClientModule.forRoot` was given: the options, the interceptors and the layers of the default client. */
@Global()
@Module({})
export class HttpClientRootModule extends ConfigurableModuleClass {}
