import { HttpService } from '@nestjs/axios';
import {
  type DynamicModule,
  type FactoryProvider,
  Module,
  type ModuleMetadata,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type AxiosInstance, type AxiosRequestConfig, mergeConfig } from 'axios';
import { randomBytes } from 'node:crypto';
import type { CustomLayer } from '../layers/order.js';
import type { HttpClientInterceptors, HttpClientOptions } from '../options/http-client-options.js';
import { HttpClientCoreModule } from './core.module.js';
import { type ClientClasses, clientClasses, clientProviders, PooledHttpService } from './providers.js';
import { INHERITED } from './registered-client.js';
import { HttpClientRegistry } from './registry.js';
import { refuseRequestScope } from './request-scope.js';

/** What axios has means what it means there: `baseURL`, `headers`, `auth`, `timeout`. */
type OwnOptions = Pick<HttpClientOptions, (typeof INHERITED)[number]>;

/** What shapes the module itself, so it stands beside a factory. */
interface HttpModuleExtras {
  /** Makes the module global. */
  global?: boolean;
  /** For every call of this module's client. */
  interceptors?: HttpClientInterceptors;
  /** Layers of your own, around every call of this module's client. See docs/layers.md. */
  layers?: readonly CustomLayer[];
}

/** The options of @nestjs/axios's HttpModule, which are axios's, and ours. */
export type HttpModuleOptions = Omit<AxiosRequestConfig, (typeof INHERITED)[number]> & OwnOptions & HttpModuleExtras;

/** For a class that you pass to `registerAsync({ useClass })` or `{ useExisting }`. */
export interface HttpModuleOptionsFactory {
  /** @returns the options of the client */
  createHttpOptions(): HttpModuleOptions | Promise<HttpModuleOptions>;
}

/** Options of `HttpModule.registerAsync`: one of `useFactory`, `useClass` and `useExisting`. */
export interface HttpModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'>, HttpModuleExtras {
  /** An existing provider that returns the options. */
  useExisting?: Type<HttpModuleOptionsFactory>;
  /** A class that returns the options. The module creates it. */
  useClass?: Type<HttpModuleOptionsFactory>;
  /** A function that returns the options. It gets what `inject` lists. */
  useFactory?: (...args: any[]) => HttpModuleOptions | Promise<HttpModuleOptions>;
  /** Tokens of the arguments of `useFactory`. */
  inject?: FactoryProvider['inject'];
  /** Providers that the options need, besides those of `imports`. */
  extraProviders?: Provider[];
}

const CLIENT = 'HttpModule';
// The names that @nestjs/axios gives them.
const OPTIONS = 'HTTP_MODULE_OPTIONS';
const ID = 'HTTP_MODULE_ID';
const INSTANCE = 'AXIOS_INSTANCE_TOKEN';

/** As @nestjs/axios's: whoever unsubscribes from a response that is a stream before it is there does not cancel it. */
class ModuleHttpService extends PooledHttpService {
  protected override isCancelledWith({ responseType }: AxiosRequestConfig): boolean {
    return responseType !== 'stream';
  }
}

const client = clientProviders(CLIENT, HttpService, registration(clientClasses([], [])));

/**
 * @nestjs/axios's `HttpModule`, on the app's pool: change the import path and nothing else. Each `register` makes a client of its own: its
 * headers, base URL and `axiosRef.interceptors` are not those of other modules. `HttpClientModule.forRoot` sets what they all inherit, and is not needed.
 */
@Module({
  imports: [HttpClientCoreModule],
  providers: [
    { provide: OPTIONS, useValue: {} },
    { provide: ID, useValue: CLIENT },
    ...client.providers,
    { provide: HttpService, useFactory: serviceOf, inject: [INSTANCE] },
    { provide: INSTANCE, useFactory: (instance: AxiosInstance) => instance, inject: [client.exports[0]!] },
  ],
  exports: [HttpService],
})
export class HttpModule {
  /**
   * A client for this module, with its options.
   * @param options those of axios, and ours
   * @throws InvalidOptionsError at the start of the app; it lists every wrong option
   */
  static register(options: HttpModuleOptions = {}): DynamicModule {
    return moduleOf({ provide: OPTIONS, useValue: options }, options);
  }

  /** The same options from other providers: `useFactory`, `useClass` or `useExisting`. */
  static registerAsync(options: HttpModuleAsyncOptions): DynamicModule {
    const { useFactory, useClass, useExisting, inject = [], extraProviders = [], imports = [] } = options;
    const factory = useExisting ?? useClass;
    const own: FactoryProvider = useFactory
      ? { provide: OPTIONS, useFactory, inject }
      : {
          provide: OPTIONS,
          useFactory: (made: HttpModuleOptionsFactory) => made.createHttpOptions(),
          inject: [factory!],
        };
    const { providers = [], ...module } = moduleOf(own, options);
    const classes = useClass && !useFactory && !useExisting ? [useClass] : [];
    return { ...module, imports, providers: [...providers, ...classes, ...extraProviders] };
  }
}

function moduleOf(options: Provider, { global, interceptors = [], layers = [] }: HttpModuleExtras): DynamicModule {
  const given = clientClasses(interceptors, layers);
  const [registered] = clientProviders(CLIENT, HttpService, registration(given)).providers;
  return {
    module: HttpModule,
    ...(global !== undefined && { global }),
    providers: [
      options,
      { provide: ID, useValue: randomBytes(16).toString('base64url').slice(0, 21) },
      ...given.classes,
      registered!,
    ],
  };
}

function serviceOf(instance: AxiosInstance): HttpService {
  return new ModuleHttpService(instance);
}

function registration({ classes, made }: ClientClasses): Parameters<typeof clientProviders>[2] {
  return {
    inject: [HttpClientRegistry, ModulesContainer, OPTIONS, ID, ...classes],
    useFactory: (
      registry: HttpClientRegistry,
      modules: ModulesContainer,
      options: HttpModuleOptions,
      id: string,
      ...instances: unknown[]
    ) => {
      refuseRequestScope(modules, CLIENT);
      const { own, axiosOptions } = apart(options);
      const registered = registry.addNamed(
        { ...own, name: registry.freeName(nameFor(modules, id)) },
        ...made(instances),
      );
      const { defaults } = registered.instance;
      Object.assign(defaults, mergeConfig(defaults as AxiosRequestConfig, axiosOptions));
      return registered;
    },
  };
}

function apart(options: HttpModuleOptions): { own: OwnOptions; axiosOptions: AxiosRequestConfig } {
  const { global: _global, interceptors: _interceptors, layers: _layers, ...rest } = options;
  const isOurs = ([name]: [string, unknown]) => INHERITED.some((own) => own === name);
  const entries = Object.entries(rest);
  return {
    own: Object.fromEntries(entries.filter((entry) => isOurs(entry))),
    axiosOptions: Object.fromEntries(entries.filter((entry) => !isOurs(entry))),
  };
}

/** The client is named after the module that imports it, for logs, metrics and `explain()`. */
function nameFor(modules: ModulesContainer, id: string): string {
  if (id === CLIENT) return CLIENT;
  const all = [...modules.values()];
  const own = all.find(({ metatype, providers }) => metatype === HttpModule && providers.get(ID)?.instance === id);
  const importer = all.find(({ imports }) => own && imports.has(own));
  return importer ? `${CLIENT}(${importer.name})` : CLIENT;
}
