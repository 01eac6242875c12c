import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { migrateSource } from './migrate-source.js';

const migrated = (text: string, path = 'a.ts') => migrateSource(ts, path, text);
const remarksOf = (text: string) => migrated(text).remarks.map(({ line, text: remark }) => `${line}: ${remark}`);

describe('imports of @nestjs/axios', () => {
  it.each([
    [
      'names',
      "import { HttpModule, HttpService } from '@nestjs/axios';",
      "import { HttpModule, HttpService } from 'nest-outbound';",
    ],
    [
      'in double quotes, without a semicolon',
      'import { HttpService } from "@nestjs/axios"',
      'import { HttpService } from "nest-outbound"',
    ],
    [
      'names on lines of their own, with comments',
      "import {\n  // why\n  HttpService, /* x */\n} from '@nestjs/axios';",
      "import {\n  // why\n  HttpService, /* x */\n} from 'nest-outbound';",
    ],
    [
      'aliases',
      "import { HttpService as Http } from '@nestjs/axios';",
      "import { HttpService as Http } from 'nest-outbound';",
    ],
    [
      'types',
      "import type { HttpModuleOptions } from '@nestjs/axios';",
      "import type { HttpModuleOptions } from 'nest-outbound';",
    ],
    [
      'types among values',
      "import { HttpModule, type HttpModuleOptions } from '@nestjs/axios';",
      "import { HttpModule, type HttpModuleOptions } from 'nest-outbound';",
    ],
    ['for its effects', "import '@nestjs/axios';", "import 'nest-outbound';"],
    [
      'as a namespace',
      "import * as n from '@nestjs/axios';\nlet a: n.HttpService; n.HttpModule;",
      "import * as n from 'nest-outbound';\nlet a: n.HttpService; n.HttpModule;",
    ],
    [
      'import =',
      "import n = require('@nestjs/axios');\nn.HttpService;",
      "import n = require('nest-outbound');\nn.HttpService;",
    ],
    [
      're-exports',
      "export { HttpModule as H } from '@nestjs/axios';",
      "export { HttpModule as H } from 'nest-outbound';",
    ],
    [
      're-exported types',
      "export type { HttpModuleOptions } from '@nestjs/axios';",
      "export type { HttpModuleOptions } from 'nest-outbound';",
    ],
    [
      'a re-export of all',
      "export * from '@nestjs/axios';",
      "export { HttpModule, HttpService, type HttpModuleAsyncOptions, type HttpModuleOptions, type HttpModuleOptionsFactory } from 'nest-outbound';",
    ],
    ['a re-export as a namespace', "export * as http from '@nestjs/axios';", "export * as http from 'nest-outbound';"],
    [
      'require of names',
      "const { HttpService: S } = require('@nestjs/axios');",
      "const { HttpService: S } = require('nest-outbound');",
    ],
    [
      'require of one name',
      "const S = require('@nestjs/axios').HttpService;",
      "const S = require('nest-outbound').HttpService;",
    ],
    [
      'require of all',
      "const n = require('@nestjs/axios');\nn.HttpService;",
      "const n = require('nest-outbound');\nn.HttpService;",
    ],
    [
      'import()',
      "const { HttpService } = await import('@nestjs/axios');",
      "const { HttpService } = await import('nest-outbound');",
    ],
    ['types of import()', "let a: import('@nestjs/axios').HttpService;", "let a: import('nest-outbound').HttpService;"],
    [
      'mocks',
      "jest.mock('@nestjs/axios', () => ({ ...jest.requireActual('@nestjs/axios') }));",
      "jest.mock('nest-outbound', () => ({ ...jest.requireActual('nest-outbound') }));",
    ],
    [
      'mocks of vitest',
      "vi.mock(import('@nestjs/axios'));\nvi.importActual('@nestjs/axios');",
      "vi.mock(import('nest-outbound'));\nvi.importActual('nest-outbound');",
    ],
    [
      'names beside those of ours',
      "import { HttpClients } from 'nest-outbound';\nimport { HttpService } from '@nestjs/axios';\nimport x from 'x';",
      "import { HttpClients, HttpService } from 'nest-outbound';\nimport x from 'x';",
    ],
    [
      'names that we have and others',
      "import { AXIOS_INSTANCE_TOKEN as T, HttpService } from '@nestjs/axios';",
      "import { HttpService } from 'nest-outbound';\nimport { AXIOS_INSTANCE_TOKEN as T } from '@nestjs/axios';",
    ],
  ])('are changed: %s', (_, before, after) => {
    const { text } = migrated(before);
    expect(text).toBe(after);
    expect(migrated(text)).toMatchObject({ text, changes: 0 }); // once is enough
  });

  it.each([
    ['a default import', "import nest from '@nestjs/axios';", /no default export/],
    ['names that we do not have', "import { Other } from '@nestjs/axios';", /has no Other/],
    ['a namespace that is passed on', "import * as n from '@nestjs/axios';\ncall(n);", /passes it on/],
    [
      'a namespace of which we lack something',
      "import * as n from '@nestjs/axios';\nn.Other;",
      /more than nest-outbound has/,
    ],
    ['require of more', "const { Other } = require('@nestjs/axios');", /takes more from it/],
    ['import() that is passed on', "export const load = () => import('@nestjs/axios');", /passes it on/],
    ['the inside of the package', "import { X } from '@nestjs/axios/dist/http.constants';", /inside of @nestjs\/axios/],
    ['more types for it', "declare module '@nestjs/axios' {}", /adds to the types/],
    ['the name in other places', "const packages = ['@nestjs/axios'];", /only you can understand/],
    [
      'generated code',
      "// auto-generated\nimport { HttpModule } from '@nestjs/axios';",
      /generated code .* adopt: true/,
    ],
  ])('are left alone and remarked on: %s', (_, text, remark) => {
    expect(migrated(text)).toMatchObject({ text, changes: 0 });
    expect(remarksOf(text)).toEqual([expect.stringMatching(remark)]);
  });

  it('are found in JavaScript, JSX and files of either kind of module', () => {
    for (const path of ['a.js', 'a.cjs', 'a.mts', 'a.tsx', 'a.cts']) {
      expect(migrated("const { HttpService } = require('@nestjs/axios');\r\n", path).text).toBe(
        "const { HttpService } = require('nest-outbound');\r\n",
      );
    }
  });
});

describe('what a person must decide', () => {
  const AXIOS = "import axios from 'axios';\n";

  it.each([
    ['axios.create', `${AXIOS}export const api = axios.create({});`, /^2: axios\.create .* named one/],
    ['a call of axios', `${AXIOS}await axios('/x');`, /^2: a call of the global axios/],
    ['a method of axios', `${AXIOS}await axios.get('/x');`, /^2: axios\.get of the global axios/],
    ['axios of require', "const axios = require('axios');\naxios.get('/x');", /^2: axios\.get/],
    [
      'interceptors of axios',
      `${AXIOS}axios.interceptors.request.use((c) => c);`,
      /^2: interceptors of the global axios/,
    ],
    ['defaults of axios', `${AXIOS}axios.defaults.timeout = 5;`, /^2: defaults of the global axios/],
    [
      'interceptors of a module',
      'this.http.axiosRef.interceptors.request.use((c) => c);',
      /^1: interceptors on axiosRef/,
    ],
    ['an agent', "import { Agent } from 'node:https';\nnew Agent();", /^2: Agent: an agent of your own/],
    [
      'the setting of an agent',
      `${AXIOS}const o = { httpsAgent };`.replace('httpsAgent', 'httpsAgent: a'),
      /^2: httpsAgent: /,
    ],
    ['maxRedirects', `${AXIOS}const o = { maxRedirects: 3 };`, /^2: maxRedirects: .*allowDowngrade/],
    ['maxContentLength', `${AXIOS}const o = { maxContentLength: -1 };`, /^2: maxContentLength: .*Infinity/],
    ['an adapter', `${AXIOS}const o = { adapter: a };`, /^2: adapter: /],
    ['codes of timeouts', `${AXIOS}error.code === 'ECONNABORTED';`, /^2: ECONNABORTED: .*isTimeoutError/],
    ['a module class', 'class A extends HttpModule {}', /^1: a class that extends HttpModule/],
    ['a service class', 'class A extends HttpService {}', /^1: a class that extends HttpService/],
    ['a service by hand', 'new HttpService();', /^1: an HttpService made by hand/],
    ['a mock of axios', "jest.mock('axios');", /^1: a mock of axios/],
    ['a spy on axios', `${AXIOS}vi.spyOn(axios, 'request');`, /^2: a spy on the global axios/],
    ['terminus', "import { HttpHealthIndicator } from '@nestjs/terminus';", /^1: HttpHealthIndicator makes/],
    ['axios-retry', "import retry from 'axios-retry';", /^1: axios-retry works/],
    ['undici', "import { request } from 'undici';", /^1: calls of undici/],
    ['no hooks', 'const app = await NestFactory.create(AppModule);', /^1: call app\.enableShutdownHooks/],
  ])('is listed with its line: %s', (_, text, remark) => {
    expect(migrated(text).changes).toBe(0);
    expect(remarksOf(text)).toEqual([expect.stringMatching(remark)]);
  });

  it.each([
    ['types of axios', "import { AxiosError } from 'axios';\nconst is = (e: unknown) => e instanceof AxiosError;"],
    ['the same words elsewhere', 'const o = { maxRedirects: 3, adapter: x };\ncache.get("x");'],
    ['terminus without HTTP', "import { TerminusModule } from '@nestjs/terminus';"],
    ['hooks that are enabled', 'const app = await NestFactory.create(A);\napp.enableShutdownHooks();'],
  ])('is not: %s', (_, text) => {
    expect(remarksOf(text)).toEqual([]);
  });
});
