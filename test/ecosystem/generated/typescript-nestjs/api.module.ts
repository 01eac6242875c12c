import { HttpModule, HttpService } from '@nestjs/axios';
import { type DynamicModule, Global, Module, type Provider } from '@nestjs/common';
import { type AsyncConfiguration, Configuration, type ConfigurationFactory } from './configuration.js';

import { PetService } from './api/pet.service.js';

@Global()
@Module({
  imports: [HttpModule],
  exports: [PetService],
  providers: [PetService],
})
export class ApiModule {
  public static forRoot(configurationFactory: () => Configuration): DynamicModule {
    return {
      module: ApiModule,
      providers: [{ provide: Configuration, useFactory: configurationFactory }],
    };
  }

  static forRootAsync(options: AsyncConfiguration): DynamicModule {
    const providers = [...this.createAsyncProviders(options)];
    return {
      module: ApiModule,
      imports: options.imports || [],
      providers,
      exports: providers,
    };
  }

  private static createAsyncProviders(options: AsyncConfiguration): Provider[] {
    if (options.useClass) {
      return [
        this.createAsyncConfigurationProvider(options),
        { provide: options.useClass, useClass: options.useClass },
      ];
    }
    return [this.createAsyncConfigurationProvider(options)];
  }

  private static createAsyncConfigurationProvider(options: AsyncConfiguration): Provider {
    if (options.useFactory) {
      return { provide: Configuration, useFactory: options.useFactory, inject: options.inject || [] };
    }
    return {
      provide: Configuration,
      useFactory: async (optionsFactory: ConfigurationFactory) => await optionsFactory.createConfiguration(),
      inject: (options.useExisting && [options.useExisting]) || (options.useClass && [options.useClass]) || [],
    };
  }

  constructor(_httpService: HttpService) {}
}
