import { type DynamicModule, type FactoryProvider, Module, type ModuleMetadata, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { AxiosInstance } from 'axios';
import { contractOf } from '../contracts/http-api.js';
import { InvalidOptionsError } from '../errors/refusal.errors.js';
import type { CustomLayer } from '../layers/order.js';
import type {
  HttpClientInterceptors,
  HttpClientOptions,
  NamedHttpClientOptions,
} from '../options/http-client-options.js';
import { checkNamedOptions } from '../options/resolve-options.js';
import { clientClasses, clientProviders, getHttpClientToken, getHttpServiceToken } from './providers.js';
import { nameTaken } from './registered-client.js';
import { HttpClientRegistry } from './registry.js';
import { refuseRequestScope } from './request-scope.js';

/** A named client whose options come from a factory. */
export interface NamedHttpClientAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** Unique in the app. */
  name: string;
  interceptors?: HttpClientInterceptors;
  layers?: readonly CustomLayer[];
  apis?: NamedHttpClientOptions['apis'];
  inject?: FactoryProvider['inject'];
  useFactory: (...args: any[]) => HttpClientOptions | Promise<HttpClientOptions>;
}

/** Holds named clients; the module that imports it may inject them. */
@Module({})
export class HttpClientFeatureModule {
  static forClients(
    clients: readonly (string | NamedHttpClientOptions)[],
    imports: ModuleMetadata['imports'],
  ): DynamicModule {
    const named = clients.map((client) => (typeof client === 'string' ? { name: client } : client));
    for (const [index, options] of named.entries()) {
      checkNamedOptions(options);
      // Nest takes the later of two providers without a word, so the registry would never see the first.
      if (named.findIndex(({ name }) => name === options.name) < index) throw nameTaken(options.name);
    }
    return featureModule(
      imports,
      named.map((options) => namedClient(options, { provide: optionsToken(options.name), useValue: options })),
    );
  }

  static forClientAsync({
    name,
    interceptors,
    layers,
    apis,
    imports,
    inject,
    useFactory,
  }: NamedHttpClientAsyncOptions): DynamicModule {
    checkNamedOptions({ name, interceptors, layers, apis });
    const options: FactoryProvider<NamedHttpClientOptions> = {
      provide: optionsToken(name),
      useFactory: async (...args) => ({ ...(await useFactory(...args)), name, interceptors, layers, apis }),
      inject,
    };
    return featureModule(imports, [namedClient({ name, interceptors, layers, apis }, options)]);
  }
}

type NamedClient = Required<Pick<DynamicModule, 'providers' | 'exports'>>;

function featureModule(imports: ModuleMetadata['imports'], clients: readonly NamedClient[]): DynamicModule {
  return {
    module: HttpClientFeatureModule,
    imports,
    providers: clients.flatMap(({ providers }) => providers),
    exports: clients.flatMap(({ exports }) => exports),
  };
}

function namedClient(
  {
    name,
    interceptors = [],
    layers = [],
    apis = [],
  }: Pick<NamedHttpClientOptions, 'name' | 'interceptors' | 'layers' | 'apis'>,
  options: Provider<NamedHttpClientOptions>,
): NamedClient {
  const problems = apiProblems(name, apis);
  if (problems.length > 0) throw new InvalidOptionsError(sourceOf(name), problems);
  const given = clientClasses(interceptors, layers);
  const client = clientProviders(name, getHttpServiceToken(name), {
    inject: [{ token: HttpClientRegistry, optional: true }, ModulesContainer, optionsToken(name), ...given.classes],
    useFactory: (
      registry: HttpClientRegistry | undefined,
      modules: ModulesContainer,
      resolved: NamedHttpClientOptions,
      ...instances: unknown[]
    ) => {
      if (!registry) {
        throw new InvalidOptionsError(sourceOf(name), [
          'expected HttpClientModule.forRoot() among the imports of the root module, got none',
        ]);
      }
      refuseRequestScope(modules, name);
      return registry.addNamed(resolved, ...given.made(instances));
    },
  });
  const apiProviders = apis.map((api) => ({
    provide: api,
    inject: [getHttpClientToken(name)],
    useFactory: (http: AxiosInstance) => new api(http),
  }));
  return {
    providers: [options, ...given.classes, ...client.providers, ...apiProviders],
    exports: [...client.exports, ...apis],
  };
}

const sourceOf = (name: string) => `HttpClientModule.forFeature(${JSON.stringify(name)})`;

function apiProblems(name: string, apis: NonNullable<NamedHttpClientOptions['apis']>): string[] {
  return apis.flatMap((api) => {
    const contract = contractOf(api);
    if (!contract) return [`apis: expected classes that extend HttpApi(…), got ${api.name}`];
    if (contract.client === name) return [];
    return [`apis: expected APIs of this client, got ${api.name}, which HttpApi('${contract.client}', …) has made`];
  });
}

const optionsToken = (name: string) => `HttpClientOptions(${name})`;
