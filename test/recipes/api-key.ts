import { HttpClientModule } from '../../src/index.js';

/** Of `@nestjs/config`. */
export abstract class ConfigService {
  abstract getOrThrow(name: string): string;
}

export const crm = HttpClientModule.forFeatureAsync({
  name: 'crm',
  inject: [ConfigService],
  useFactory: (config: ConfigService) => ({
    baseURL: config.getOrThrow('CRM_URL'),
    auth: { apiKey: { header: 'x-api-key', value: config.getOrThrow('CRM_KEY') } },
  }),
});
