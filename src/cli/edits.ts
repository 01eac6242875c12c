import type ts from 'typescript';
import type { TypeScript } from './typescript.js';

/** A part of a text, and what takes its place. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Changes a text in places that do not overlap; the rest stays as it is, to the byte. Of several at one place, the first given comes first. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = '';
  let from = 0;
  for (const { start, end, text: replacement } of edits.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(from, start) + replacement;
    from = end;
  }
  return result + text.slice(from);
}

export function parse(typescript: TypeScript, path: string, text: string): ts.SourceFile {
  return typescript.createSourceFile(path, text, typescript.ScriptTarget.Latest, true);
}

/** Every node below one, the outer before the inner. */
export function* nodesOf(typescript: TypeScript, root: ts.Node): Generator<ts.Node> {
  const children: ts.Node[] = [];
  typescript.forEachChild(root, (child) => void children.push(child));
  for (const child of children) {
    yield child;
    yield* nodesOf(typescript, child);
  }
}

/** 1 for the first. */
export function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

/** As the file ends its lines. */
export const newlineOf = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');

/** The white space before the line that a position is in. */
export function indentAt(text: string, position: number): string {
  const start = text.lastIndexOf('\n', position - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start))![0];
}

/** The edits that import names, in the style of the file. Names that are imported already are left out. */
export function importEdits(
  typescript: TypeScript,
  source: ts.SourceFile,
  wanted: readonly string[],
  from: string,
): Edit[] {
  const imports = source.statements.filter((statement) => typescript.isImportDeclaration(statement));
  const same = imports.filter((one) => specifierOf(typescript, one) === from);
  const known = new Set(same.flatMap((one) => namedElements(typescript, one)?.map(({ name }) => name.text) ?? []));
  const names = wanted.filter((name) => !known.has(name));
  if (names.length === 0) return [];
  const edit = addedToImport(typescript, source, names.join(', '), from);
  if (edit) return [edit];
  const { text } = source;
  const last = imports.at(-1);
  const quote = last?.moduleSpecifier.getText(source)[0] ?? "'";
  const semicolon = !last || last.getText(source).endsWith(';') ? ';' : '';
  const line = `import { ${names.join(', ')} } from ${quote}${from}${quote}${semicolon}`;
  const newline = newlineOf(text);
  if (last) return [{ start: last.end, end: last.end, text: newline + line }];
  return [{ start: 0, end: 0, text: line + newline }];
}

/**
 * Adds names to an import of values that is there, with names in braces.
 * @returns undefined where there is none
 */
export function addedToImport(
  typescript: TypeScript,
  source: ts.SourceFile,
  names: string,
  from: string,
): Edit | undefined {
  for (const statement of source.statements) {
    if (!typescript.isImportDeclaration(statement) || specifierOf(typescript, statement) !== from) continue;
    const last = namedElements(typescript, statement)?.at(-1);
    if (last && !statement.importClause!.isTypeOnly) return { start: last.end, end: last.end, text: `, ${names}` };
  }
  return undefined;
}

export function specifierOf(
  typescript: TypeScript,
  node: ts.ImportDeclaration | ts.ExportDeclaration,
): string | undefined {
  const { moduleSpecifier } = node;
  return moduleSpecifier && typescript.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : undefined;
}

/** The names in braces of an import; undefined where it has no braces. */
export function namedElements(
  typescript: TypeScript,
  { importClause }: ts.ImportDeclaration,
): ts.NodeArray<ts.ImportSpecifier> | undefined {
  const bindings = importClause?.namedBindings;
  return bindings && typescript.isNamedImports(bindings) ? bindings.elements : undefined;
}
