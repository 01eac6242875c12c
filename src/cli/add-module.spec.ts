import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { addShutdownHooks, addToModule, bootstrapOf, type ModuleChange } from './add-module.js';

const added = (text: string, change: Partial<ModuleChange> = {}) =>
  addToModule(ts, 'app.module.ts', text, { name: 'AppModule', root: true, filter: false, ...change });

const moduleOf = (metadata: string) =>
  `import { Module } from '@nestjs/common';\n\n@Module(${metadata})\nexport class AppModule {}\n`;
const IMPORTED = "import { Module } from '@nestjs/common';\nimport { HttpClientModule } from 'nest-outbound';\n";

describe('the module', () => {
  it.each([
    ['an empty list', '{ imports: [] }', '{ imports: [HttpClientModule.forRoot()] }'],
    ['a list on one line', '{ imports: [A, B] }', '{ imports: [A, B, HttpClientModule.forRoot()] }'],
    [
      'a list on lines',
      '{\n  imports: [\n    A,\n    B,\n  ],\n}',
      '{\n  imports: [\n    A,\n    B,\n    HttpClientModule.forRoot(),\n  ],\n}',
    ],
    ['a list with a spread', '{ imports: [...shared] }', '{ imports: [...shared, HttpClientModule.forRoot()] }'],
    ['no list', '{\n  providers: [X],\n}', '{\n  imports: [HttpClientModule.forRoot()],\n  providers: [X],\n}'],
    ['nothing', '{}', '{ imports: [HttpClientModule.forRoot()] }'],
  ])('is imported where there is %s', (_, before, after) => {
    const { text, left } = added(moduleOf(before));
    expect(left).toBeUndefined();
    expect(text).toBe(moduleOf(after).replace("import { Module } from '@nestjs/common';\n", IMPORTED));
    expect(added(text)).toEqual({ text }); // once is enough
  });

  it('keeps the style of the file: quotes, semicolons, line ends', () => {
    const before =
      'import { Module } from "@nestjs/common"\r\n\r\n@Module({\r\n\timports: [\r\n\t\tA\r\n\t]\r\n})\r\nexport class AppModule {}\r\n';
    expect(added(before).text).toBe(
      'import { Module } from "@nestjs/common"\r\nimport { HttpClientModule } from "nest-outbound"\r\n\r\n@Module({\r\n\timports: [\r\n\t\tA,\r\n\t\tHttpClientModule.forRoot()\r\n\t]\r\n})\r\nexport class AppModule {}\r\n',
    );
  });

  it('has the filter provided, too, and uses imports that are there', () => {
    const before = `import { Module } from '@nestjs/common';\nimport { APP_GUARD } from '@nestjs/core';\n\n@Module({ imports: [], providers: [X] })\nexport class AppModule {}\n`;
    const { text } = added(before, { filter: true });
    expect(text).toBe(
      `import { Module } from '@nestjs/common';\nimport { APP_GUARD, APP_FILTER } from '@nestjs/core';\nimport { HttpClientModule, HttpClientExceptionFilter } from 'nest-outbound';\n\n` +
        `@Module({ imports: [HttpClientModule.forRoot()], providers: [X, { provide: APP_FILTER, useClass: HttpClientExceptionFilter }] })\nexport class AppModule {}\n`,
    );
    expect(added(text, { filter: true })).toEqual({ text });
  });

  it('has providers after the rest, and both together where there was nothing', () => {
    const filter = '{ provide: APP_FILTER, useClass: HttpClientExceptionFilter }';
    const change = (metadata: string) =>
      /@Module\((.*)\)\n/s.exec(added(moduleOf(metadata), { filter: true }).text)![1];
    expect(change('{\n  imports: [A],\n}')).toBe(
      `{\n  imports: [A, HttpClientModule.forRoot()],\n  providers: [${filter}],\n}`,
    );
    expect(change('{ exports: [] }')).toBe(
      `{ imports: [HttpClientModule.forRoot()], exports: [], providers: [${filter}] }`,
    );
    expect(change('{}')).toBe(`{ imports: [HttpClientModule.forRoot()], providers: [${filter}] }`);
  });

  it.each([
    ['a list that is made elsewhere', moduleOf('{ imports: modules }')],
    ['a shorthand', moduleOf('{ imports }')],
    ['metadata that is made elsewhere', moduleOf('metadata')],
    ['no such class', "import { Module } from '@nestjs/common';\n@Module({})\nexport class Other {}\n"],
  ])('is left to a person where there is %s', (_, text) => {
    expect(added(text, { filter: true })).toEqual({
      text,
      left:
        'app.module.ts: add HttpClientModule.forRoot() to imports of the root module, and add ' +
        '{ provide: APP_FILTER, useClass: HttpClientExceptionFilter } to providers of the root module',
    });
  });
});

describe('the shutdown hooks', () => {
  const main = (body: string) => `async function bootstrap() {\n  ${body}\n  await app.listen(3000);\n}\n`;

  it.each([
    [
      'const app = await NestFactory.create(AppModule);',
      'const app = await NestFactory.create(AppModule);\n  app.enableShutdownHooks();',
    ],
    [
      'const server = await NestFactory.create<NestExpressApplication>(AppModule, { cors: true });',
      'const server = await NestFactory.create<NestExpressApplication>(AppModule, { cors: true });\n  server.enableShutdownHooks();',
    ],
  ])('are enabled once: %s', (before, after) => {
    const { text, left } = addShutdownHooks(ts, 'main.ts', main(before));
    expect(left).toBeUndefined();
    expect(text).toBe(main(after));
    expect(addShutdownHooks(ts, 'main.ts', text)).toEqual({ text });
  });

  it.each([['const app = NestFactory.create(AppModule).then(start);'], ['const app = await create();']])(
    'are left to a person: %s',
    (body) => {
      const text = main(body);
      expect(addShutdownHooks(ts, 'main.ts', text)).toEqual({
        text,
        left: expect.stringMatching(/^main\.ts: call app\.enableShutdownHooks\(\)/),
      });
    },
  );
});

it('finds the root module by what NestFactory.create is given', () => {
  const find = (text: string) => bootstrapOf(ts, 'main.ts', text);
  const imports = "import { AppModule as Root } from './app/app.module.js';\nimport { Other } from './other';\n";
  expect(find(`${imports}NestFactory.create(Root);`)).toEqual({ rootModule: 'AppModule', from: './app/app.module.js' });
  expect(find('class AppModule {}\nNestFactory.create(AppModule);')).toEqual({
    rootModule: 'AppModule',
    from: undefined,
  });
  expect(find('NestFactory.create(AppModule.forRoot());')).toEqual({ rootModule: undefined, from: undefined });
  expect(find('start();')).toBeUndefined();
});
