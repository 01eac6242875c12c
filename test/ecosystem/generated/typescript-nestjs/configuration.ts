import type { HttpService } from '@nestjs/axios';
import type { ModuleMetadata, Type } from '@nestjs/common';

export interface ConfigurationParameters {
  apiKeys?: { [key: string]: string } | undefined;
  username?: string | undefined;
  password?: string | undefined;
  accessToken?: string | Promise<string> | (() => string | Promise<string>) | undefined;
  basePath?: string | undefined;
  withCredentials?: boolean | undefined;
  httpClient?: HttpService | undefined;
}

export class Configuration {
  apiKeys?: { [key: string]: string } | undefined;
  username?: string | undefined;
  password?: string | undefined;
  accessToken?: string | Promise<string> | (() => string | Promise<string>) | undefined;
  basePath?: string | undefined;
  withCredentials?: boolean | undefined;
  httpClient?: HttpService | undefined;

  constructor(configurationParameters: ConfigurationParameters = {}) {
    this.apiKeys = configurationParameters.apiKeys;
    this.username = configurationParameters.username;
    this.password = configurationParameters.password;
    this.accessToken = configurationParameters.accessToken;
    this.basePath = configurationParameters.basePath;
    this.withCredentials = configurationParameters.withCredentials;
    this.httpClient = configurationParameters.httpClient;
  }

  /** The JSON type if there is one, else the first. */
  public selectHeaderContentType(contentTypes: string[]): string | undefined {
    if (contentTypes.length == 0) return undefined;
    return contentTypes.find((x) => this.isJsonMime(x)) ?? contentTypes[0];
  }

  /** The JSON type if there is one, else the first. */
  public selectHeaderAccept(accepts: string[]): string | undefined {
    if (accepts.length == 0) return undefined;
    return accepts.find((x) => this.isJsonMime(x)) ?? accepts[0];
  }

  public isJsonMime(mime: string): boolean {
    const jsonMime = new RegExp('^(application/json|[^;/ \t]+/[^;/ \t]+[+]json)[ \t]*(;.*)?$', 'i');
    return mime != null && (jsonMime.test(mime) || mime.toLowerCase() === 'application/json-patch+json');
  }
}

export interface ConfigurationFactory {
  createConfiguration(): Promise<Configuration> | Configuration;
}

export interface AsyncConfiguration extends Pick<ModuleMetadata, 'imports'> {
  useExisting?: Type<ConfigurationFactory>;
  useClass?: Type<ConfigurationFactory>;
  useFactory?: (...args: any[]) => Promise<Configuration> | Configuration;
  inject?: any[];
}
