import { AxiosError } from 'axios';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { EVENT_NAMES } from '../src/call/events.js';
import * as contracts from '../src/contracts/index.js';
import * as library from '../src/index.js';
import { type AxiosErrorLike, errorStatus } from '../src/nest/error-status.js';
import { STACK_ORDER } from '../src/layers/order.js';
import { eventCatalogue, eventRows, fieldRows } from './support/event-catalogue.js';

const root = join(import.meta.dirname, '..');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((page) => page.endsWith('.md'))
    .map((page) => `docs/${page}`),
];

/** Every TypeScript block of a page, by the path that its first line names, or by the name of a file beside the README. */
function snippets(page: string): [string, string][] {
  const blocks = readFileSync(join(root, page), 'utf8').matchAll(/^```ts\n(?:\/\/ (src\/\S+)\n)?(.*?)^```$/gms);
  return Array.from(blocks, ([, path, code], index) => [
    join(root, path ?? `${page.replace(/\W/g, '-')}-${index}.ts`),
    code!,
  ]);
}

it('the table of the layers is the order of the stack, with its reasons', () => {
  const page = readFileSync(join(root, 'docs/layers.md'), 'utf8');
  const rows = Array.from(page.matchAll(/^\| `(\w+)` *\|[^|]*\| (.*?) *\|$/gm), ([, name, why]) => [name, why]);
  expect(rows).toEqual(STACK_ORDER);
});

it('the tables of the events are the catalogue: each event, when it is published, its fields, and what they mean', () => {
  const page = readFileSync(join(root, 'docs/events.md'), 'utf8');
  const rows = Array.from(page.matchAll(/^\| (`.*) \|$/gm), ([, row]) => row!.split(' | ').map((cell) => cell.trim()));
  const events = eventCatalogue(root);
  expect(rows).toEqual([...eventRows(events), ...fieldRows(events)]);
  expect(events.map(({ name }) => name)).toEqual(EVENT_NAMES);
  expect(
    events.flatMap(({ name, when, fields }) =>
      [when, ...fields.map(({ meaning }) => meaning)].map((text) => `${name}: ${text}`),
    ),
  ).not.toContainEqual(expect.stringMatching(/: $/));
});

it('the folders of the architecture are those of the import check, in its order', async () => {
  const config = join(root, '.dependency-cruiser.mjs');
  const { default: check } = (await import(config)) as { default: { forbidden: { name: string }[] } };
  const checked = check.forbidden.flatMap(({ name }) => /^values-of-(.*)/.exec(name)?.[1] ?? []);
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  expect(Array.from(page.matchAll(/^\| `src\/([\w-]+)` /gm), ([, folder]) => folder)).toEqual(checked);
});

it('docs/errors.md has every error with its code, and the status that the filter answers it with', () => {
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  const rows = Array.from(page.matchAll(/^\| `(\w+)` +\| `(\w+)` .*?\| +(\d+) \|$/gm), ([, name, code, status]) => [
    name!,
    code!,
    Number(status),
  ]);
  const classes = { ...library, ...contracts, AxiosError } as unknown as Record<string, { prototype: object }>;
  const answers = rows.map(([name, code]) => {
    const error = Object.create(classes[name!]!.prototype) as AxiosErrorLike;
    Object.assign(error, { code, rule: 'private', isAxiosError: true });
    return [name, code, errorStatus(error, true).status];
  });
  expect(rows).toEqual(answers);
  const sources = readdirSync(join(root, 'src/errors')).filter((name) => !name.endsWith('.spec.ts'));
  const codes = sources.flatMap((name) => {
    const source = readFileSync(join(root, 'src/errors', name), 'utf8');
    return Array.from(source.matchAll(/readonly code(?:: | = )'(\w+)'/g), ([, code]) => code);
  });
  expect(new Set(rows.map(([, code]) => code))).toEqual(new Set([...codes, 'ECONNABORTED', 'ERR_CANCELED']));
});

it('the recipe for templates of URLs is what its test runs', () => {
  const recipe = readFileSync(join(root, 'test/ecosystem/generated/url-templates.ts'), 'utf8');
  expect(readFileSync(join(root, 'docs/interop.md'), 'utf8')).toContain(recipe);
});

it('every file that the pages name is there', () => {
  const named = PAGES.flatMap((page) =>
    Array.from(
      readFileSync(join(root, page), 'utf8').matchAll(/`((?:src|test|scripts|bench|docs)\/[\w./-]*\w)\/?`/g),
      ([, path]) => `${page}: ${path}`,
    ),
  );
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((entry) => !existsSync(join(root, entry.split(': ')[1]!)))).toEqual([]);
});

/** As GitHub makes it of a heading: https://github.com/gjtorikian/html-pipeline/blob/main/lib/html/pipeline/toc_filter.rb */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

it('every link of a page to another, or to a heading, leads there', () => {
  const textOf = (path: string) => readFileSync(join(root, path), 'utf8').replace(/^```.*?^```$/gms, '');
  const headingsOf = (path: string) =>
    Array.from(textOf(path).matchAll(/^#+ (.*)$/gm), ([, heading]) => anchorOf(heading!));
  const links = PAGES.flatMap((page) =>
    Array.from(textOf(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g), ([link, path, anchor]) => {
      const target = path ? join(dirname(page), path) : page;
      const isThere = existsSync(join(root, target)) && (!anchor || headingsOf(target).includes(anchor));
      return { link: `${page}: ${link}`, isThere };
    }),
  );
  expect(links.length).toBeGreaterThan(50);
  expect(links.flatMap(({ link, isThere }) => (isThere ? [] : link))).toEqual([]);
});

it('the index names every page', () => {
  const index = readFileSync(join(root, 'docs/README.md'), 'utf8');
  const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md') && name !== 'README.md');
  expect(pages.filter((name) => !index.includes(`(${name})`))).toEqual([]);
});

it('every TypeScript snippet in the README, CONTRIBUTING and the docs compiles', { tags: 'slow' }, () => {
  const files = new Map(PAGES.flatMap(snippets));
  expect(files.size).toBeGreaterThan(4);

  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  Object.assign(options, {
    noEmit: true,
    noUnusedLocals: false,
    paths: {
      'nest-outbound': [join(root, 'src/index.ts')],
      'nest-outbound/contracts': [join(root, 'src/contracts/index.ts')],
      'nest-outbound/layers': [join(root, 'src/layers/index.ts')],
      'nest-outbound/redaction': [join(root, 'src/redaction/index.ts')],
      'nest-outbound/testing': [join(root, 'src/testing/index.ts')],
      'nest-outbound/redis': [join(root, 'src/redis/index.ts')],
      'nest-outbound/telemetry': [join(root, 'src/telemetry/index.ts')],
    },
  });
  const host = ts.createCompilerHost(options);
  const disk = { ...host };
  host.fileExists = (path) => files.has(path) || disk.fileExists(path);
  host.readFile = (path) => files.get(path) ?? disk.readFile(path);
  host.getSourceFile = (path, target, ...rest) =>
    files.has(path) ? ts.createSourceFile(path, files.get(path)!, target) : disk.getSourceFile(path, target, ...rest);

  const program = ts.createProgram([...files.keys()], options, host);
  // Of the snippets only: the sources are checked elsewhere.
  const diagnostics = [...files.keys()].flatMap((path) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(path)),
  );
  expect(ts.formatDiagnostics(diagnostics, host)).toBe('');
});
