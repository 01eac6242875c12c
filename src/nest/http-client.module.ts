import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import type { NamedHttpClientOptions } from '../options/http-client-options.js';
import { HttpClientCoreModule } from './core.module.js';
import { HttpClientDefaultModule } from './default-client.module.js';
import { HttpClientFeatureModule, type NamedHttpClientAsyncOptions } from './feature.module.js';
import { type ASYNC_OPTIONS_TYPE, HttpClientRootModule, type OPTIONS_TYPE } from './root.module.js';

/**
 * One long-lived keep-alive client for the whole app, drained when the app shuts down. Import it once, in the root
 * module: `HttpClientModule.forRoot()`; `HttpService` and `@InjectHttpClient()` then inject everywhere.
 *
 * The class by itself stands for the client with default options. `forRoot` imports it, too, so that tests find it by the class:
 * `overrideModule` knows a dynamic module only by the very object.
 */
@Module({
  imports: [HttpClientCoreModule, HttpClientDefaultModule],
  exports: [HttpClientCoreModule, HttpClientDefaultModule],
})
export class HttpClientModule {
  /**
   * The default client.
   * @param options all optional; wrong ones stop the app's start with an InvalidOptionsError that lists them all
   */
  static forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return withClients(HttpClientRootModule.forRoot(options));
  }

  /** The default client, its options from other providers: `useFactory`, `useClass` or `useExisting`. */
  static forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return withClients(HttpClientRootModule.forRootAsync(options));
  }

  /**
   * Named clients, each with its own base URL, headers, timeouts and interceptors, for the module that imports this.
   * They share the default client's sockets unless they set `pool` or `tls`, and they are drained with it.
   * @param clients names, or options with a name
   * @param metadata `imports`: modules that export what the clients' interceptors and layers inject
   * @throws InvalidOptionsError that lists every wrong option, or when a name is taken
   */
  static forFeature(
    clients: string | NamedHttpClientOptions | readonly (string | NamedHttpClientOptions)[],
    metadata: Pick<ModuleMetadata, 'imports'> = {},
  ): DynamicModule {
    return HttpClientFeatureModule.forClients(isList(clients) ? clients : [clients], metadata.imports);
  }

  /** A named client whose options need other providers, as a base URL or a key from the app's configuration. */
  static forFeatureAsync(client: NamedHttpClientAsyncOptions): DynamicModule {
    return HttpClientFeatureModule.forClientAsync(client);
  }
}

function withClients(root: DynamicModule): DynamicModule {
  return { ...root, imports: [...(root.imports ?? []), HttpClientModule] };
}

/** Array.isArray, which does not narrow readonly arrays. */
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
