import { Global, Module } from '@nestjs/common';
import { ConfigurableModuleClass } from './http-client.module-definition.js';

/** Holds what `HttpClientModule.forRoot` was given: the options, the interceptors and the layers of the default client. */
@Global()
@Module({})
export class HttpClientRootModule extends ConfigurableModuleClass {}
