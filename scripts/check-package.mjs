// Packs the package and uses the tarball as people do: it is linted, compiled, bundled, loaded, and put into apps as `nest new` makes them.
// One `npm install` for each major version of Nest; the apps lie below its node_modules. Arguments name parts: `tarball`, `11`, `12`, `pnp`.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPlugAndPlay } from './check-plug-and-play.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const tool = (path) => join(root, 'node_modules', path);
const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const COMMON = { 'reflect-metadata': '^0.2', rxjs: '^7', jest: '^30', supertest: '^7', '@types/supertest': '^7' };
const nest = (major) =>
  Object.fromEntries(
    ['common', 'core', 'platform-express', 'testing', 'cli'].map((name) => [`@nestjs/${name}`, `^${major}`]),
  );

const MAJORS = [
  {
    major: 11,
    // The lowest axios that is allowed; the other has the highest.
    packages: {
      ...nest(11),
      '@nestjs/axios': '^4',
      axios: peerDependencies.axios.replace('^', ''),
      'ts-jest': '^29',
      '@types/jest': '^30',
      typescript: '^5',
    },
    check(folder) {
      checkApp('CommonJS on Nest 11', 'commonjs', folder);
      checkTypes(folder, [
        ['node10', '--module commonjs --moduleResolution node10'],
        ['node16', '--module node16'],
        ['node20', '--module node20'],
        ['nodenext', '--module nodenext'],
        ['bundler', '--module esnext --moduleResolution bundler'],
      ]);
      checkBundles(folder);
      checkMoved(folder, ['singleton', 'generated'], ['jest']);
      checkScaffold(folder, {
        unit: ['node_modules/jest/bin/jest.js'],
        e2e: ['node_modules/jest/bin/jest.js', '--config', './test/jest-e2e.json'],
        passed: /^Tests: +(\d+) passed, \1 total$/m,
      });
    },
    edit: (code) => code,
  },
  {
    major: 12,
    packages: {
      ...nest(12),
      '@nestjs/axios': '^12',
      axios: '^1',
      typescript: '^6',
      vitest: '^4',
      'vite-tsconfig-paths': '^5',
    },
    check(folder) {
      checkApp('CommonJS on Nest 12', 'commonjs', folder);
      const app = checkApp('ESM on Nest 12', 'module', folder);
      checkBothBuilds(folder);
      checkTypes(folder, [
        ['node10', '--module commonjs --moduleResolution node10 --ignoreDeprecations 6.0'],
        ['nodenext', '--module nodenext'], // node16 cannot load Nest 12 from CommonJS
      ]);
      checkMoved(folder, ['per-feature']);
      cpSync(join(root, 'scripts/runners/esm'), app, { recursive: true });
      const jest = ['--experimental-vm-modules', join(folder, 'node_modules/jest/bin/jest.js'), '--detectOpenHandles'];
      checkTests('node:test', ['--test', '--test-reporter=tap'], /^# pass 3$/m, app);
      checkTests('jest, ESM', jest, /^Tests: +3 passed, 3 total$/m, app);
      checkScaffold(folder, {
        unit: ['node_modules/vitest/vitest.mjs', 'run'],
        e2e: ['node_modules/vitest/vitest.mjs', 'run', '--config', './vitest.config.e2e.ts'],
        passed: /^ +Tests +(\d+) passed \(\1\)$/m,
      });
    },
    edit: (code) =>
      code
        .replace(/(from '\.[^']*)'/g, "$1.js'")
        .replaceAll('jest.', 'vi.')
        .replace('test "weather is', 'test "weather > is'), // vitest's way to name a test
  },
];

const IMPORTS = [
  ['{ createServer }', 'node:http'],
  ['{ HttpService }', '@nestjs/axios'],
  ['{ Module }', '@nestjs/common'],
  ['{ NestFactory }', '@nestjs/core'],
  ['{ AxiosError }', 'axios'],
  ['{ firstValueFrom }', 'rxjs'],
  ['{ getHttpClientToken, HttpClientModule, InvalidOptionsError, PooledHttpService }', 'nest-outbound'],
  ['{ startUpstream }', 'nest-outbound/testing'],
  ['{ redisShared }', 'nest-outbound/redis'],
  ['{ isInstrumentedRequest }', 'nest-outbound/telemetry'],
];

const header = {
  module: () => IMPORTS.map(([names, from]) => `import ${names} from '${from}';`).join('\n'),
  commonjs: () => IMPORTS.map(([names, from]) => `const ${names} = require('${from}');`).join('\n'),
};

const BODY = `
async function main() {
  let connections = 0;
  const upstream = createServer((request, response) => {
    response.statusCode = request.url === '/missing' ? 404 : 200;
    response.end('answer');
  }).on('connection', () => connections++);
  await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  upstream.unref();

  class AppModule {}
  const baseURL = 'http://127.0.0.1:' + upstream.address().port;
  Module({
    imports: [HttpClientModule.forRoot({ baseURL }), HttpClientModule.forFeature({ name: 'named', baseURL })],
  })(AppModule);
  const app = await NestFactory.createApplicationContext(AppModule);
  app.enableShutdownHooks();

  const http = app.get(HttpService);
  if (!(http instanceof PooledHttpService)) throw new Error('HttpService is not ours');
  const { data } = await firstValueFrom(http.get('/'));
  const error = await app.get(getHttpClientToken('named'), { strict: false }).get('/missing').catch((reason) => reason);
  if (!(error instanceof AxiosError)) throw new Error('AxiosError is not the one of the app');

  // The optional peer undici is not installed.
  class Faster {}
  Module({ imports: [HttpClientModule.forRoot({ engine: 'undici' })] })(Faster);
  const options = { abortOnError: false };
  const refusal = await NestFactory.createApplicationContext(Faster, options).catch((reason) => reason);
  if (!(refusal instanceof InvalidOptionsError && /npm install undici/.test(refusal.message))) throw refusal;
  console.log(data, 'on', connections, 'connection', typeof startUpstream, typeof isInstrumentedRequest);
  process.kill(process.pid, 'SIGTERM');
}
main();
`;
const WORKED = /answer on 1 connection function function/;

const BOTH = `
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';
const load = { import: (name) => import(name), require: createRequire(import.meta.url) };
const [first, second] = process.argv[2] === 'import' ? ['import', 'require'] : ['require', 'import'];
// The testing kit first: its entry decides for all the others.
const kits = [await load[first]('nest-outbound/testing'), await load[second]('nest-outbound/testing')];
const copies = [await load[second]('nest-outbound'), await load[first]('nest-outbound')];
for (const [one, other] of [copies, kits]) {
  for (const name of Object.keys(one)) if (name !== 'default') assert.equal(one[name], other[name], name);
}
const { ClientClosedError, currentInboundContext, runInInboundContext } = copies[0];
const { NestFactory } = await import('@nestjs/core');
const { Module } = await import('@nestjs/common');
class AppModule {}
Module({ imports: [copies[0].HttpClientModule.forRoot()] })(AppModule);
const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
const client = app.get(copies[1].getHttpClientToken());
assert.deepEqual(app.get(copies[1].HttpClients).names, ['default']);
await runInInboundContext({}, async () => assert.ok(copies[1].currentInboundContext()));
await app.close();
const error = await client.get('http://127.0.0.1:1').catch((reason) => reason);
assert.ok(error instanceof copies[0].ClientClosedError && error instanceof copies[1].ClientClosedError);
console.log('one copy');
`;

const TYPES = `
import { HttpService } from '@nestjs/axios';
import { Injectable, Module } from '@nestjs/common';
import { AxiosError, type AxiosInstance, type AxiosResponse } from 'axios';
import { type ConnectionPool, HttpClientModule, InjectConnectionPool, InjectHttpClient } from 'nest-outbound';
import type { Layer } from 'nest-outbound/layers';
import { redactUrl } from 'nest-outbound/redaction';
import { type RedisClientLike, redisShared } from 'nest-outbound/redis';
import { isInstrumentedRequest } from 'nest-outbound/telemetry';
import { type HttpTestingController, HttpClientTestingModule, ManualClock } from 'nest-outbound/testing';
import { firstValueFrom, map, type Observable, of } from 'rxjs';

@Injectable()
export class Users {
  constructor(
    private readonly http: HttpService,
    @InjectHttpClient('github') private readonly github: AxiosInstance,
    @InjectConnectionPool() private readonly pool: ConnectionPool,
  ) {}
  idle = (): number => this.pool.stats().total.idle;
  calls = () => [this.http.get<string>('/', { urlTemplate: '/' }), this.http.axiosRef.post('/', { a: 1 })];

  async attempts(): Promise<number> {
    const response = await this.github.get<{ id: number }>('/users/7', {
      urlTemplate: '/users/{id}',
      resilience: { deadlineMs: 500, retry: false },
      timeouts: { attemptMs: 100 },
    });
    const called = await this.github({ url: '/' });
    const own = await this.github.request<unknown, string>({ url: '/' });
    return response.attempts.length + called.attempts.length + own.length + response.data.id + (response.timings?.totalMs ?? 0);
  }

  async attemptsOfService(): Promise<number> {
    const { attempts, data } = await firstValueFrom(this.http.get<{ id: number }>('/'));
    const posted = await firstValueFrom(this.http.post('/', { a: 1 }).pipe(map((response) => response.attempts.length)));
    const asked: AxiosResponse<string> = await firstValueFrom(this.http.request<string>({ url: '/' }));
    const named: Observable<AxiosResponse<{ id: number }>> = this.http.put<{ id: number }>('/', {});
    return attempts.length + data.id + posted + asked.data.length + (await firstValueFrom(named)).data.id;
  }
}

export function failed(error: unknown) {
  if (error instanceof AxiosError) return [error.attempts?.length, error.timings?.totalMs, error.eventLoopDelayMs];
  return undefined;
}
export class TooMany extends Error {
  attempts = 3; // a class of the app's own
}
/** As tests write them, for HttpService's \`of(mocked)\`. */
export const mocked: AxiosResponse<string> = { data: '', status: 200, statusText: 'OK', headers: {}, config: {} as never };
/** As tests mock HttpService, and apps extend it. */
export const returned: ReturnType<HttpService['get']> = of(mocked);
export const fake: Partial<HttpService> = { get: () => of(mocked) as Observable<AxiosResponse<any>>, post: () => of(mocked) as Observable<AxiosResponse<any>> };
export class OwnHttp extends HttpService {
  override get<T = any>(url: string): Observable<AxiosResponse<T>> {
    return super.get<T>(url);
  }
}
export const pass: Layer = (next) => next;
export const others = [redactUrl, isInstrumentedRequest];

export const testing = HttpClientTestingModule.withOptions({ clock: new ManualClock() });
export const answer = (controller: HttpTestingController) => controller.expectOne('/').delay(5).reply(200, { id: 1 });
// @ts-expect-error: no such error
export const fail = (controller: HttpTestingController) => controller.expectOne('/').error('ENOSUCH');

@Module({
  imports: [
    HttpClientModule.forRootAsync({ useFactory: async () => ({ timeouts: { attemptMs: 5_000 } }) }),
    HttpClientModule.forFeature({ name: 'github', baseURL: 'https://github.example' }),
    // @ts-expect-error: no such option
    HttpClientModule.forRoot({ timeout: 5_000 }),
  ],
  providers: [Users],
})
export class AppModule {}
`;

/** What Nest itself loads only if it is installed. */
const OPTIONAL_OF_NEST = [
  '@nestjs/microservices',
  '@nestjs/microservices/microservices-module.js',
  '@nestjs/microservices/microservices-module',
  '@nestjs/platform-express',
  '@nestjs/websockets',
  '@nestjs/websockets/socket-module',
  'class-transformer',
  'class-transformer/storage',
  'class-validator',
];

function report(name, works, output) {
  console.log(`${name}: ${works ? 'works' : 'fails'}`);
  if (works) return;
  console.error(output);
  process.exitCode = 1;
}

function run(command, args, options) {
  const { status, signal, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: 180_000,
    ...options,
  });
  return { status, signal, output: stdout + stderr };
}

function pack(folder) {
  const json = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const packed = Object.values(JSON.parse(json))[0];
  const unexpected = packed.files
    .map(({ path }) => path)
    .filter(
      (path) =>
        !/^(dist\/|schematics\/|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)/.test(path) ||
        /\.spec\./.test(path),
    );
  report('the list of files', unexpected.length === 0, `should not be packed: ${unexpected.join(', ')}`);
  console.log(`packed ${packed.filename}: ${packed.files.length} files, ${packed.unpackedSize} bytes`);
  return join(folder, packed.filename);
}

function checkTarball(tarball) {
  const publint = run(process.execPath, [tool('publint/src/cli.js'), tarball, '--strict']);
  report('publint', publint.status === 0 && /All good/.test(publint.output), publint.output);
  const attw = run(process.execPath, [tool('@arethetypeswrong/cli/dist/index.js'), tarball, '--no-color']);
  report('are the types wrong', attw.status === 0 && /No problems found/.test(attw.output), attw.output);
}

/** Maps lead to the source: each has it, for every file it names. */
function checkSourceMaps(folder) {
  const dist = join(folder, 'node_modules/nest-outbound/dist');
  const maps = readdirSync(dist, { recursive: true }).filter((path) => path.endsWith('.js.map'));
  const empty = maps.filter((path) => {
    const { sources, sourcesContent } = JSON.parse(readFileSync(join(dist, path), 'utf8'));
    return sources.length === 0 || sources.some((_, index) => !sourcesContent?.[index]);
  });
  report(`${maps.length} source maps`, maps.length > 0 && empty.length === 0, `without sources: ${empty.join(', ')}`);
}

function checkApp(name, type, parent) {
  const folder = join(parent, `app-${type}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true, type }));
  writeFileSync(join(folder, 'main.js'), header[type]() + BODY);
  const { signal, status, output } = run(process.execPath, ['main.js'], { cwd: folder, timeout: 30_000 });
  const works = signal === 'SIGTERM' && WORKED.test(output) && /draining → closed/.test(output);
  report(name, works, `ended with ${signal ?? status} and printed\n${output}`);
  return folder;
}

function checkBothBuilds(folder) {
  writeFileSync(join(folder, 'both.mjs'), BOTH);
  for (const first of ['import', 'require']) {
    const { status, output } = run(process.execPath, ['both.mjs', first], { cwd: folder, timeout: 30_000 });
    const works = status === 0 && /one copy/.test(output) && !/loaded twice/.test(output);
    report(`both builds in one process, ${first} first`, works, output);
  }
}

function checkTypes(folder, resolutions) {
  writeFileSync(join(folder, 'users.ts'), TYPES);
  for (const [name, flags] of resolutions) {
    const { version } = JSON.parse(readFileSync(join(folder, 'node_modules/typescript/package.json'), 'utf8'));
    const args = `--noEmit --strict ${flags} --target es2022 --experimentalDecorators --emitDecoratorMetadata --esModuleInterop`;
    const typeRoots = ['--skipLibCheck', 'false', '--types', 'node', '--typeRoots', tool('@types')];
    const tsc = ['node_modules/typescript/bin/tsc', ...args.split(' '), ...typeRoots, 'users.ts'];
    const { status, output } = run(process.execPath, tsc, { cwd: folder });
    report(`TypeScript ${version}, ${name}`, status === 0, output);
  }
}

/** Everything in one file, where the optional peers are not installed. */
function checkBundles(folder) {
  const external = OPTIONAL_OF_NEST.map((name) => `--external:${name}`);
  for (const type of ['commonjs', 'module']) {
    const extension = type === 'commonjs' ? 'cjs' : 'mjs';
    writeFileSync(join(folder, `main.${extension}`), header[type]() + BODY);
    const outfile = `bundled/esbuild-${extension}.cjs`;
    const args = [`main.${extension}`, '--bundle', '--platform=node', `--outfile=${outfile}`, '--log-level=warning'];
    const { output } = run(tool('esbuild/bin/esbuild'), [...args, ...external], { cwd: folder });
    checkBundle(`esbuild of ${type}`, outfile, folder, output);
  }
  const externals = Object.fromEntries(OPTIONAL_OF_NEST.map((name) => [name, `commonjs ${name}`]));
  const config = { mode: 'none', target: 'node', context: folder, entry: './main.cjs', externals };
  config.output = { path: join(folder, 'bundled'), filename: 'webpack.cjs' };
  writeFileSync(
    join(folder, 'webpack.mjs'),
    `import webpack from ${JSON.stringify(tool('webpack/lib/index.js'))};
webpack(${JSON.stringify(config)}, (error, stats) => console.log(error ?? stats.toString({ all: false, errors: true })));`,
  );
  const { output } = run(process.execPath, ['webpack.mjs'], { cwd: folder });
  checkBundle('webpack', 'bundled/webpack.cjs', folder, output);
}

function checkBundle(name, file, folder, packed) {
  const alone = mkdtempSync(join(tmpdir(), 'nest-outbound-bundle-')); // with no node_modules near it
  try {
    cpSync(join(folder, file), join(alone, 'main.cjs'));
    const { signal, output } = run(process.execPath, ['main.cjs'], { cwd: alone, timeout: 30_000 });
    const works = signal === 'SIGTERM' && WORKED.test(output) && !/loaded twice/.test(output);
    report(`bundle by ${name}`, works, packed + output);
  } catch (error) {
    report(`bundle by ${name}`, false, `${packed}${String(error)}`);
  } finally {
    rmSync(alone, { recursive: true, force: true });
  }
}

function checkTests(name, args, passed, folder) {
  const { status, output } = run(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1', CI: '' },
  });
  report(name, status === 0 && passed.test(output) && !/open handle|did not exit/i.test(output), output);
}

/** What docs/testing.md and the README tell people to do, in an app as `nest new` makes it: nothing else in it is changed. */
function checkScaffold(parent, { unit, e2e, passed }) {
  const name = `app of nest new, ${parent.match(/nest-\d+$/)[0].replace('-', ' ')}`;
  const { major, edit } = MAJORS.find((candidate) => parent.endsWith(`nest-${candidate.major}`));
  const folder = join(parent, 'scaffold');
  cpSync(join(root, 'scripts/scaffolds', `nest-${major}`), folder, { recursive: true });
  const local = (args) => [join(parent, args[0]), ...args.slice(1)];
  moveScaffold(name, folder, edit, local);
  addFiles(folder, edit, ['weather.ts', 'weather.spec.ts', 'readme.spec.ts']);
  addExamples(folder, major);
  // The first example of the page.
  const [, example] = readFileSync(join(root, 'docs/testing.md'), 'utf8').match(/^```ts\n(.*?)^```$/ms);
  writeFileSync(
    join(folder, 'test/example.e2e-spec.ts'),
    major === 12 ? example : example.replace(/^import .* from 'vitest';\n/m, ''),
  );

  const built = run(process.execPath, local(['node_modules/@nestjs/cli/bin/nest.js', 'build']), { cwd: folder });
  const main = statSync(join(folder, 'dist/main.js'), { throwIfNoEntry: false });
  report(`${name}: build`, built.status === 0 && main !== undefined, `${built.output}\ndist/main.js: ${Boolean(main)}`);
  const started = run('bash', ['-c', START], { cwd: folder, env: { ...process.env, NO_COLOR: '1' } });
  const works = /Hello World!/.test(started.output) && /draining → closed/.test(started.output);
  report(`${name}: start and stop`, started.status === 0 && works, started.output);
  checkTests(`${name}: unit tests`, local(unit), passed, folder);
  checkTests(`${name}: e2e tests`, local(e2e), passed, folder);
}

function addFiles(folder, edit, files) {
  for (const file of files) {
    const code = readFileSync(join(root, 'scripts/runners/scaffold', file), 'utf8');
    writeFileSync(join(folder, 'src', file), edit(code));
  }
}

/** The commands of docs/migrating.md, twice, in a scaffold with a feature on @nestjs/axios. */
function moveScaffold(name, folder, edit, local) {
  addFiles(folder, edit, ['quotes.ts', 'quotes.spec.ts']);
  const module = join(folder, 'src/app.module.ts');
  const before = readFileSync(module, 'utf8');
  writeFileSync(
    module,
    before
      .replace(/^/, edit(`import { QuotesModule } from './quotes';\n`))
      .replace('imports: []', 'imports: [QuotesModule]'),
  );
  const texts = () =>
    ['app.module.ts', 'main.ts', 'quotes.ts'].map((file) => readFileSync(join(folder, 'src', file), 'utf8'));
  const runs = [1, 2].map(() => {
    const commands = [
      ['node_modules/@nestjs/cli/bin/nest.js', 'add', 'nest-outbound', '--skip-install', '--filter'],
      ['node_modules/.bin/nest-outbound', 'migrate', 'src', 'test'],
    ];
    const output = commands.map((args) => run(process.execPath, local(args), { cwd: folder }).output).join('\n');
    return { output, texts: texts() };
  });
  const [
    {
      output,
      texts: [moduleText, main, quotes],
    },
    again,
  ] = runs;
  const works =
    moduleText.includes('imports: [QuotesModule, HttpClientModule.forRoot()]') &&
    moduleText.includes('{ provide: APP_FILTER, useClass: HttpClientExceptionFilter }') &&
    main.includes('  app.enableShutdownHooks();\n') &&
    quotes.includes("import { HttpModule, HttpService } from 'nest-outbound';") &&
    /^changed src\/quotes\.spec\.ts \(1\)$/m.test(output) &&
    /^Nothing to be done\.$/m.test(again.output) &&
    JSON.stringify(again.texts) === JSON.stringify(runs[0].texts);
  report(`${name}: nest add and migrate`, works, [output, moduleText, main, quotes, again.output].join('\n---\n'));
}

/** The apps that test/moving.e2e-spec.ts has moved. */
function checkMoved(folder, names, testTypes = []) {
  for (const name of names) {
    const app = join(folder, name);
    cpSync(join(root, 'test/fixtures/moving', name, 'after'), app, { recursive: true });
    cpSync(join(root, 'test/fixtures/moving', name, 'package.json'), join(app, 'package.json'));
    const typeRoots = [tool('@types'), join(folder, 'node_modules/@types')];
    const types = {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      esModuleInterop: true,
      typeRoots,
      types: ['node', ...testTypes],
    };
    const decorators = { experimentalDecorators: true, emitDecoratorMetadata: true };
    const compilerOptions = { module: 'nodenext', target: 'es2022', ...types, ...decorators };
    writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
    const { status, output } = run(process.execPath, ['../node_modules/typescript/bin/tsc', '-p', '.'], { cwd: app });
    report(`types of the moved app "${name}"`, status === 0, output);
  }
}

/** What the README and docs/testing.md show, beside the first example of that page: a module, and a test that moves the clock. */
function addExamples(folder, major) {
  const write = (file, code) => writeFileSync(join(folder, 'src', file), code);
  const test = exampleOf('docs/testing.md', 'clock.advance');
  write('time.spec.ts', major === 12 ? test : test.replace(/^import .* from 'vitest';\n/m, ''));
  write('readme.ts', exampleOf('README.md', 'export class AppModule'));
}

/** The first example of a page that has this text in it. */
function exampleOf(page, text) {
  const blocks = readFileSync(join(root, page), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms);
  for (const [, code] of blocks) if (code.includes(text)) return code;
  throw new Error(`${page} has no example with ${text}`);
}

/** Starts the app on a free port, asks it, and stops it. */
const START = `
export PORT=$(node -e "const s = require('net').createServer().listen(0, () => { console.log(s.address().port); s.close(); })")
node dist/main & pid=$!
for attempt in $(seq 100); do curl -sf "http://127.0.0.1:$PORT/" && break; sleep 0.1; done
kill $pid; wait $pid; true`;

const folder = mkdtempSync(join(tmpdir(), 'nest-outbound-package-'));
try {
  const tarball = pack(folder);
  const parts = process.argv.slice(2);
  const isWanted = (part) => parts.length === 0 || parts.includes(String(part));
  if (isWanted('tarball')) checkTarball(tarball);
  for (const candidate of MAJORS.filter(({ major }) => isWanted(major))) {
    const { major, packages } = candidate;
    const parent = join(folder, `nest-${major}`);
    mkdirSync(parent);
    const dependencies = { ...COMMON, ...packages, 'nest-outbound': `file:${tarball}` };
    writeFileSync(join(parent, 'package.json'), JSON.stringify({ name: 'apps', private: true, dependencies }));
    const flags = ['--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', '--ignore-scripts'];
    execFileSync('npm', ['install', ...flags, '--loglevel=error'], { cwd: parent });
    if (major === 12) checkSourceMaps(parent);
    candidate.check(parent);
  }
  if (isWanted('pnp')) {
    const common = { 'reflect-metadata': '^0.2', rxjs: '^7' };
    const nest11 = { '@nestjs/common': '^11', '@nestjs/core': '^11', '@nestjs/axios': '^4' }; // of CommonJS, which Yarn loads from archives
    checkPlugAndPlay({
      folder: join(folder, 'pnp'),
      tarball: `file:${tarball}`,
      yarn: tool('@yarnpkg/cli-dist/bin/yarn.js'),
      dependencies: { ...common, ...nest11, axios: '^1', typescript: '^5', '@types/node': '^20' },
      files: { 'main.cjs': header.commonjs() + BODY, 'main.mjs': header.module() + BODY, 'users.ts': TYPES },
      works: (output) => WORKED.test(output) && /draining → closed/.test(output),
      run,
      report,
    });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
