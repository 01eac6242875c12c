import type ts from 'typescript';
import {
  applyEdits,
  type Edit,
  importEdits,
  indentAt,
  namedElements,
  newlineOf,
  nodesOf,
  parse,
  specifierOf,
} from './edits.js';
import type { TypeScript } from './typescript.js';

/** A file after the change. */
export interface Added {
  readonly text: string;
  /** What was not understood, and so left alone: a sentence that says what to do by hand. */
  readonly left?: string;
}

/** Where the app is made. */
export interface Bootstrap {
  /** The name of the root module's class; undefined where it is made by a call, or is the default export of its file. */
  readonly rootModule: string | undefined;
  /** What it is imported from; undefined where it is in the same file. */
  readonly from: string | undefined;
}

/** What `NestFactory.create` is given in a file; undefined where nothing calls it. */
export function bootstrapOf(typescript: TypeScript, path: string, text: string): Bootstrap | undefined {
  const source = parse(typescript, path, text);
  const [root] = creationOf(typescript, source)?.arguments ?? [];
  if (!root) return undefined;
  if (!typescript.isIdentifier(root)) return { rootModule: undefined, from: undefined };
  for (const statement of source.statements) {
    if (!typescript.isImportDeclaration(statement)) continue;
    const from = specifierOf(typescript, statement);
    const element = namedElements(typescript, statement)?.find(({ name }) => name.text === root.text);
    if (element) return { rootModule: (element.propertyName ?? element.name).text, from };
    if (statement.importClause?.name?.text === root.text) return { rootModule: undefined, from };
  }
  return { rootModule: root.text, from: undefined };
}

/** Has the app listen to signals: `app.enableShutdownHooks()`. */
export function addShutdownHooks(typescript: TypeScript, path: string, text: string): Added {
  if (/\benableShutdownHooks\b/.test(text)) return { text };
  const source = parse(typescript, path, text);
  const left = `${path}: call app.enableShutdownHooks() after NestFactory.create, or nothing is drained on SIGTERM`;
  let node: ts.Node | undefined = creationOf(typescript, source);
  if (!node) return { text, left };
  while (typescript.isAwaitExpression(node.parent) || typescript.isParenthesizedExpression(node.parent))
    node = node.parent;
  const { parent } = node;
  const isNamed =
    typescript.isVariableDeclaration(parent) &&
    typescript.isIdentifier(parent.name) &&
    typescript.isAwaitExpression(node);
  const statement = isNamed ? parent.parent.parent : undefined;
  if (!isNamed || !statement || !typescript.isVariableStatement(statement)) return { text, left };
  const start = statement.getStart(source);
  const semicolon = statement.getText(source).endsWith(';') ? ';' : '';
  const call = `${newlineOf(text)}${indentAt(text, start)}${parent.name.getText(source)}.enableShutdownHooks()${semicolon}`;
  return { text: applyEdits(text, [{ start: statement.end, end: statement.end, text: call }]) };
}

export interface ModuleChange {
  /** The class; undefined: the only one in the file that is a module. */
  readonly name: string | undefined;
  /** Whether `HttpClientModule.forRoot()` is to be imported. */
  readonly root: boolean;
  /** Whether `HttpClientExceptionFilter` is to be provided for the whole app. */
  readonly filter: boolean;
}

/** Imports the module in an app's root module, and provides the filter. */
export function addToModule(typescript: TypeScript, path: string, text: string, change: ModuleChange): Added {
  const source = parse(typescript, path, text);
  const wantsModule = change.root && !/\bHttpClientModule\b/.test(text);
  const wantsFilter = change.filter && !/\bHttpClientExceptionFilter\b/.test(text);
  if (!wantsModule && !wantsFilter) return { text };
  const filter = '{ provide: APP_FILTER, useClass: HttpClientExceptionFilter }';
  const parts = [
    ...(wantsModule ? [['imports', 'HttpClientModule.forRoot()'] as const] : []),
    ...(wantsFilter ? [['providers', filter] as const] : []),
  ];
  const left = `${path}: ${parts.map(([property, entry]) => `add ${entry} to ${property} of the root module`).join(', and ')}`;
  const metadata = metadataOf(typescript, source, change.name);
  if (!metadata) return { text, left };
  const edits =
    metadata.properties.length === 0
      ? [emptyEdit(source, metadata, parts)]
      : parts.map(([property, entry]) => entryEdit(typescript, source, metadata, property, entry));
  if (edits.includes(undefined)) return { text, left };
  const ours = [...(wantsModule ? ['HttpClientModule'] : []), ...(wantsFilter ? ['HttpClientExceptionFilter'] : [])];
  const imports = [
    ...(wantsFilter ? importEdits(typescript, source, ['APP_FILTER'], '@nestjs/core') : []),
    ...importEdits(typescript, source, ours, 'nest-outbound'),
  ];
  return { text: applyEdits(text, [...imports, ...(edits as Edit[])]) };
}

function creationOf(typescript: TypeScript, source: ts.SourceFile): ts.CallExpression | undefined {
  return [...nodesOf(typescript, source)].find(
    (node): node is ts.CallExpression =>
      typescript.isCallExpression(node) &&
      /^NestFactory\.create(?:Microservice|ApplicationContext)?$/.test(node.expression.getText(source)),
  );
}

/** What `@Module` is given, where that is an object that is written there. */
function metadataOf(
  typescript: TypeScript,
  source: ts.SourceFile,
  name: string | undefined,
): ts.ObjectLiteralExpression | undefined {
  const given = [...nodesOf(typescript, source)].flatMap((node) => {
    if (!typescript.isClassDeclaration(node) || (name !== undefined && node.name?.text !== name)) return [];
    const calls = (typescript.getDecorators(node) ?? []).map(({ expression }) => expression);
    return calls.filter((call) => typescript.isCallExpression(call) && call.expression.getText(source) === 'Module');
  }) as ts.CallExpression[];
  const [metadata] = given.length === 1 ? given[0]!.arguments : [];
  return metadata && typescript.isObjectLiteralExpression(metadata) ? metadata : undefined;
}

function emptyEdit(
  source: ts.SourceFile,
  metadata: ts.ObjectLiteralExpression,
  parts: readonly (readonly [property: string, entry: string])[],
): Edit {
  const properties = parts.map(([property, entry]) => `${property}: [${entry}]`);
  return { start: metadata.getStart(source) + 1, end: metadata.end - 1, text: ` ${properties.join(', ')} ` };
}

/** @returns undefined where the list is not written there */
function entryEdit(
  typescript: TypeScript,
  source: ts.SourceFile,
  metadata: ts.ObjectLiteralExpression,
  property: string,
  entry: string,
): Edit | undefined {
  const { text } = source;
  const found = metadata.properties.find((one) => one.name?.getText(source) === property);
  if (!found) return newProperty(source, metadata, property, `[${entry}]`);
  if (!typescript.isPropertyAssignment(found)) return undefined;
  const { initializer: list } = found;
  if (!typescript.isArrayLiteralExpression(list)) return undefined;
  const last = list.elements.at(-1);
  if (!last) return { start: list.getStart(source) + 1, end: list.end - 1, text: entry };
  const isOnLines = text.slice(list.getStart(source), list.elements[0]!.getStart(source)).includes('\n');
  const between = isOnLines ? `,${newlineOf(text)}${indentAt(text, last.getStart(source))}` : ', ';
  return { start: last.end, end: last.end, text: between + entry };
}

/** `imports` come first, as in what the Nest CLI writes; others last. */
function newProperty(source: ts.SourceFile, metadata: ts.ObjectLiteralExpression, name: string, value: string): Edit {
  const { text } = source;
  const property = `${name}: ${value}`;
  const { properties } = metadata;
  const begin = properties[0]!.getStart(source);
  const isOnLines = text.slice(metadata.getStart(source), begin).includes('\n');
  const between = isOnLines ? `,${newlineOf(text)}${indentAt(text, begin)}` : ', ';
  if (name === 'imports') return { start: begin, end: begin, text: property + between };
  const { end } = properties.at(-1)!;
  return { start: end, end, text: between + property };
}
