import { HttpModule as NestHttpModule, HttpService } from '@nestjs/axios';
import type { ModulesContainer } from '@nestjs/core';
import { type AxiosInstance, type AxiosRequestConfig, create } from 'axios';

/** A module of @nestjs/axios, as generated clients import it: its calls do not pass through this package. */
export interface Stranger {
  /** The modules that import it. */
  readonly importedBy: readonly string[];
  /** The client that carries its calls since it was adopted; absent where it was not. */
  readonly client?: string;
}

/** What @nestjs/axios calls with where nobody registers anything: the axios that is global in its build. */
const globalAxios = new HttpService().axiosRef;

interface Found {
  readonly importedBy: readonly string[];
  readonly service: { instance: AxiosInstance };
}

function find(modules: ModulesContainer): Found[] {
  const all = [...modules.values()];
  return all
    .filter(({ metatype }) => metatype === NestHttpModule)
    .flatMap((module) => {
      // `instance` is protected there, so that TypeScript would not have it.
      const service = module.providers.get(HttpService)?.instance as Found['service'] | undefined;
      const importedBy = all.filter(({ imports }) => imports.has(module)).map(({ name }) => name);
      return service?.instance ? [{ importedBy, service }] : [];
    });
}

/**
 * Looks for modules of @nestjs/axios.
 * @param adopt makes a client on the app's pool, onto which a module is moved. It keeps its config; the global axios stays as it is
 */
export function findStrangers(
  modules: ModulesContainer,
  adopt: ((name: string) => { readonly name: string; readonly instance: AxiosInstance }) | undefined,
): Stranger[] {
  return find(modules).map(({ importedBy, service }) => {
    if (!adopt) return { importedBy };
    const { instance, name } = adopt(`HttpModule(${importedBy[0] ?? ''})`);
    const { adapter } = instance.defaults;
    if (service.instance === globalAxios) {
      service.instance = create({ ...(globalAxios.defaults as AxiosRequestConfig), adapter });
    } else {
      service.instance.defaults.adapter = adapter;
    }
    return { importedBy, client: name };
  });
}

/** One warning for all of them; undefined where there are none, or all are adopted. */
export function strangersLine(strangers: readonly Stranger[]): string | undefined {
  const left = strangers.filter(({ client }) => client === undefined);
  if (left.length === 0) return undefined;
  const names = [...new Set(left.flatMap(({ importedBy }) => importedBy))];
  return (
    `Calls of ${names.join(', ')} do not use this pool: ${names.length === 1 ? 'it imports' : 'they import'} HttpModule from @nestjs/axios. ` +
    'Import HttpModule from nest-outbound, or set `adopt: true` for code that is not yours'
  );
}
