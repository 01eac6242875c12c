import type ts from 'typescript';
import { addedToImport, applyEdits, type Edit, lineOf, namedElements, nodesOf, parse } from './edits.js';
import { isGenerated, type Remark, remarksOn } from './remarks.js';
import type { TypeScript } from './typescript.js';

const OLD = '@nestjs/axios';
const NEW = 'nest-outbound';

/** What both packages export: name → whether it is a type only. */
const NAMES: ReadonlyMap<string, boolean> = new Map([
  ['HttpModule', false],
  ['HttpService', false],
  ['HttpModuleAsyncOptions', true],
  ['HttpModuleOptions', true],
  ['HttpModuleOptionsFactory', true],
]);

/** Functions of jest's and vitest's that take the name of a module first. */
const MOCKS =
  /^(?:(?:do|un|dont|set)?[mM]ock|(?:require|import)(?:Actual|Mock)|unstable_mockModule|(?:create|gen)MockFromModule)$/;

/** A file after the change. */
export interface Migrated {
  readonly text: string;
  /** Places that were changed. */
  readonly changes: number;
  /** What a person must decide, in the order of the lines of the file as it was. */
  readonly remarks: readonly Remark[];
}

/**
 * Changes the imports of @nestjs/axios in a file to ours. What it does not understand, and files that were generated, it leaves alone and remarks on. Does no
 * I/O.
 */
export function migrateSource(typescript: TypeScript, path: string, text: string): Migrated {
  const source = parse(typescript, path, text);
  const remarks = remarksOn(typescript, source);
  if (isGenerated(text)) {
    const names = [...nodesOf(typescript, source)].find((node) => isOld(typescript, node));
    const remark =
      'generated code imports @nestjs/axios: change the template of the generator, or set adopt: true of HttpClientModule.forRoot';
    return { text, changes: 0, remarks: names ? [{ line: lineOf(source, names), text: remark }] : [] };
  }
  const migration = new Migration(typescript, source);
  migration.run();
  const all = [...remarks, ...migration.remarks].toSorted((a, b) => a.line - b.line);
  return { text: applyEdits(text, migration.edits), changes: migration.changes, remarks: all };
}

const isOld = (typescript: TypeScript, node: ts.Node): node is ts.StringLiteral =>
  typescript.isStringLiteralLike(node) && node.text === OLD;

class Migration {
  readonly edits: Edit[] = [];
  readonly remarks: Remark[] = [];
  changes = 0;
  readonly #ts: TypeScript;
  readonly #source: ts.SourceFile;

  constructor(typescript: TypeScript, source: ts.SourceFile) {
    this.#ts = typescript;
    this.#source = source;
  }

  run(): void {
    for (const node of nodesOf(this.#ts, this.#source)) {
      if (!this.#ts.isStringLiteralLike(node)) continue;
      if (node.text === OLD) this.#change(node);
      else if (node.text.startsWith(`${OLD}/`)) {
        this.#remark(
          node,
          `imports from the inside of ${OLD}: import from ${NEW}, or leave out what is private to ${OLD}`,
        );
      }
    }
  }

  #change(literal: ts.StringLiteralLike): void {
    const ts = this.#ts;
    const { parent } = literal;
    if (ts.isImportDeclaration(parent)) this.#import(parent);
    else if (ts.isExportDeclaration(parent)) this.#export(parent);
    else if (ts.isExternalModuleReference(parent)) this.#namespace(parent.parent.name);
    else if (ts.isLiteralTypeNode(parent) && ts.isImportTypeNode(parent.parent)) this.#importType(parent.parent);
    else if (ts.isCallExpression(parent) && parent.arguments[0] === literal) this.#call(parent);
    else if (ts.isModuleDeclaration(parent))
      this.#remark(literal, `adds to the types of ${OLD}: that still holds for HttpService, which is the same class`);
    else this.#remark(literal, `names ${OLD} in a way that only you can understand: ${NEW} may belong there`);
  }

  #import(node: ts.ImportDeclaration): void {
    const { importClause } = node;
    const elements = namedElements(this.#ts, node);
    if (importClause?.name)
      this.#remark(node, `${OLD} has no default export: import the names, { HttpModule, HttpService }`);
    else if (elements) this.#named(node, elements, importClause!.isTypeOnly ? 'import type' : 'import');
    else if (importClause?.namedBindings) this.#namespace((importClause.namedBindings as ts.NamespaceImport).name);
    else this.#rename(node.moduleSpecifier);
  }

  #export(node: ts.ExportDeclaration): void {
    const { exportClause } = node;
    if (!exportClause) {
      const names = Array.from(NAMES, ([name, isType]) => (isType && !node.isTypeOnly ? `type ${name}` : name));
      const star = this.#source.text.indexOf('*', node.getStart(this.#source));
      this.edits.push({ start: star, end: star + 1, text: `{ ${names.join(', ')} }` });
      this.#rename(node.moduleSpecifier!);
    } else if (this.#ts.isNamedExports(exportClause)) {
      this.#named(node, exportClause.elements, node.isTypeOnly ? 'export type' : 'export');
    } else this.#rename(node.moduleSpecifier!);
  }

  /** Names in braces: those that we have come from here, the others stay. */
  #named(
    node: ts.ImportDeclaration | ts.ExportDeclaration,
    elements: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[],
    keyword: string,
  ): void {
    const isOurs = ({ propertyName, name }: ts.ImportSpecifier | ts.ExportSpecifier) =>
      NAMES.has((propertyName ?? name).text);
    const others = elements.filter((element) => !isOurs(element));
    for (const other of others)
      this.#remark(
        other,
        `${NEW} has no ${(other.propertyName ?? other.name).text}: it stays with ${OLD}, or you find what takes its place`,
      );
    if (others.length === 0) {
      if (keyword !== 'import' || !this.#merge(node as ts.ImportDeclaration, elements))
        this.#rename(node.moduleSpecifier!);
      return;
    }
    if (others.length === elements.length) return;
    const list = (some: readonly ts.Node[]) => some.map((one) => one.getText(this.#source)).join(', ');
    const specifier = node.moduleSpecifier!.getText(this.#source);
    const quote = specifier[0]!;
    const semicolon = node.getText(this.#source).endsWith(';') ? ';' : '';
    const line = (some: readonly ts.Node[], from: string) => `${keyword} { ${list(some)} } from ${from}${semicolon}`;
    const ours = line(elements.filter(isOurs), quote + NEW + quote);
    this.#edit({ start: node.getStart(this.#source), end: node.end, text: `${ours}\n${line(others, specifier)}` });
  }

  /** Into an import of ours that is there already. */
  #merge(node: ts.ImportDeclaration, elements: readonly ts.Node[]): boolean {
    const names = elements.map((element) => element.getText(this.#source)).join(', ');
    const edit = addedToImport(this.#ts, this.#source, names, NEW);
    if (!edit) return false;
    const { text } = this.#source;
    const end = /^[ \t]*\r?\n/.exec(text.slice(node.end))?.[0].length ?? 0;
    this.#edit(edit);
    this.edits.push({ start: node.getStart(this.#source), end: node.end + end, text: '' });
    return true;
  }

  /** A name for all of the module. */
  #namespace(name: ts.Identifier): void {
    const ts = this.#ts;
    const literal = this.#literalNear(name);
    const uses = [...nodesOf(ts, this.#source)].filter(
      (node): node is ts.Identifier => ts.isIdentifier(node) && node.text === name.text && node !== name,
    );
    const isUnderstood = uses.every(({ parent }) => {
      if (ts.isPropertyAccessExpression(parent)) return NAMES.has(parent.name.text) || parent.name.text === name.text;
      return ts.isQualifiedName(parent) ? NAMES.has(parent.right.text) : false;
    });
    if (isUnderstood) this.#rename(literal);
    else this.#remark(name, `uses ${name.text} for more than ${NEW} has, or passes it on: change the import by hand`);
  }

  #literalNear(name: ts.Identifier): ts.Node {
    let node: ts.Node = name;
    while (!this.#ts.isStatement(node)) node = node.parent;
    return [...nodesOf(this.#ts, node)].find((inner) => isOld(this.#ts, inner))!;
  }

  #importType(node: ts.ImportTypeNode): void {
    const { qualifier } = node;
    const first = qualifier && [...nodesOf(this.#ts, qualifier), qualifier].find((one) => this.#ts.isIdentifier(one));
    if (!first || NAMES.has(first.text)) this.#rename(node.argument);
    else this.#remark(node, `${NEW} has no ${qualifier.getText(this.#source)}`);
  }

  /** `require`, `import()`, or a mock. */
  #call(call: ts.CallExpression): void {
    const ts = this.#ts;
    const { expression } = call;
    if (ts.isPropertyAccessExpression(expression) && MOCKS.test(expression.name.text)) {
      this.#rename(call.arguments[0]!);
      const isActual = /\b(?:require|import)Actual\b/.test(call.arguments[1]?.getText(this.#source) ?? '');
      if (/^(?:do)?mock$/i.test(expression.name.text) && !isActual) {
        this.#remark(call, mockRemark(call.arguments.length > 1));
      }
      return;
    }
    const isImport = expression.kind === ts.SyntaxKind.ImportKeyword;
    if (!isImport && expression.getText(this.#source) !== 'require') {
      this.#remark(call, `names ${OLD} in a way that only you can understand: ${NEW} may belong there`);
      return;
    }
    let node: ts.Node = call;
    while (ts.isAwaitExpression(node.parent) || ts.isParenthesizedExpression(node.parent)) node = node.parent;
    const { parent } = node;
    if (ts.isPropertyAccessExpression(parent) && NAMES.has(parent.name.text)) return this.#rename(call.arguments[0]!);
    if (ts.isExpressionStatement(parent) || ts.isCallExpression(parent)) return this.#rename(call.arguments[0]!); // vi.mock(import('…'))
    if (ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name)) return this.#namespace(parent.name);
    if (ts.isVariableDeclaration(parent) && ts.isObjectBindingPattern(parent.name)) {
      const names = parent.name.elements.map((element) => (element.propertyName ?? element.name).getText(this.#source));
      if (names.every((name) => NAMES.has(name))) return this.#rename(call.arguments[0]!);
    }
    this.#remark(call, `loads ${OLD} and takes more from it than ${NEW} has, or passes it on: change it by hand`);
  }

  /** @param specifier its text is in quotes */
  #rename(specifier: ts.Node): void {
    this.#edit({ start: specifier.getStart(this.#source) + 1, end: specifier.end - 1, text: NEW });
  }

  #edit(edit: Edit): void {
    this.edits.push(edit);
    this.changes++;
  }

  #remark(node: ts.Node, text: string): void {
    this.remarks.push({ line: lineOf(this.#source, node), text });
  }
}

function mockRemark(hasFactory: boolean): string {
  return hasFactory
    ? `the mock of ${NEW} has only what its factory returns: spread the actual module into it, or override the provider HttpService instead`
    : `the whole of ${NEW} is mocked, its errors and tokens included: override the provider HttpService, or use nest-outbound/testing`;
}
