// Writes down the public surface of the package, as built: a file in `api` for each entry. Without `--update`, fails where a file differs.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Entry → its declarations. */
const entries = new Map(
  Object.entries(exports)
    .map(([path, conditions]) => [path.replace('.', 'nest-outbound'), typesOf(conditions)])
    .filter(([, types]) => types !== undefined)
    .map(([name, types]) => [name, join(root, types)]),
);

function typesOf(conditions) {
  if (typeof conditions === 'string') return undefined;
  return conditions.types ?? Object.values(conditions).map(typesOf).find(Boolean);
}

const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)).config,
  ts.sys,
  root,
);
const program = ts.createProgram([...entries.values()], { ...options, noEmit: true });
const checker = program.getTypeChecker();
const printer = ts.createPrinter({ removeComments: true });

/** Entry → name → symbol. */
const exported = new Map(
  Array.from(entries, ([entry, path]) => {
    const source = program.getSourceFile(path);
    if (!source) throw new Error(`${path} is missing: build first`);
    const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(source));
    return [entry, new Map(symbols.map((symbol) => [symbol.name, meant(symbol)]))];
  }),
);

function meant(symbol) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

const isOurs = (declaration) => declaration.getSourceFile().fileName.startsWith(dist);

/** Users do not see it: private, or marked as internal. */
function isHidden(member) {
  return (
    (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0 ||
    (member.name !== undefined && ts.isPrivateIdentifier(member.name)) ||
    ts.getJSDocTags(member).some((tag) => tag.tagName.text === 'internal')
  );
}

/** The declaration without what users do not see. */
function publicPart(declaration) {
  const visit = (node) =>
    (ts.isClassElement(node) || ts.isTypeElement(node)) && isHidden(node)
      ? undefined
      : ts.visitEachChild(node, visit, undefined);
  return ts.visitNode(declaration, visit);
}

/** `const x`, whose declaration says neither of the two, as a statement. */
const statementOf = (declaration) => (ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration);

/** @returns the text of a symbol of ours, and what else of ours it names */
function describe(symbol) {
  const uses = new Set();
  const texts = symbol.declarations.filter(isOurs).map((declaration) => {
    const statement = statementOf(declaration);
    if (ts.isTypeAliasDeclaration(statement) && /\btypeof\b/.test(statement.type.getText())) {
      // A type that is made of a list of ours: its members, not the list.
      const type = checker.typeToString(
        checker.getTypeAtLocation(statement.name),
        undefined,
        ts.TypeFormatFlags.InTypeAlias | ts.TypeFormatFlags.NoTruncation,
      );
      return `type ${symbol.name} = ${type};`;
    }
    // One of several in a declaration that takes an object apart would bring the others with it.
    const isOneOfSeveral = ts.isVariableStatement(statement) && statement.declarationList.declarations.length > 1;
    const part = publicPart(isOneOfSeveral ? declaration : statement);
    collect(part, uses);
    return printer
      .printNode(ts.EmitHint.Unspecified, part, declaration.getSourceFile())
      .replace(/^(export )?(declare )?/, '');
  });
  uses.delete(symbol);
  return { text: texts.join('\n'), uses };
}

function collect(node, uses) {
  if (ts.isIdentifier(node)) {
    const found = checker.getSymbolAtLocation(node);
    const symbol = found && meant(found);
    if (
      symbol?.declarations?.some(
        (declaration) => isOurs(declaration) && ts.isSourceFile(statementOf(declaration).parent),
      )
    ) {
      uses.add(symbol);
    }
  }
  ts.forEachChild(node, (child) => collect(child, uses));
}

function report(entry, names) {
  const elsewhere = new Map(
    [...exported]
      .filter(([other]) => other !== entry)
      .flatMap(([other, symbols]) => [...symbols.values()].map((symbol) => [symbol, other])),
  );
  const own = new Set(names.values());
  const queue = [...own];
  const described = new Map();
  const imported = new Set();
  while (queue.length > 0) {
    const symbol = queue.pop();
    if (described.has(symbol)) continue;
    if (!own.has(symbol) && elsewhere.has(symbol)) {
      imported.add(`${symbol.name} of ${elsewhere.get(symbol)}`);
      continue;
    }
    const { text, uses } = describe(symbol);
    described.set(symbol, text);
    queue.push(...uses);
  }
  const section = (title, texts) =>
    texts.length > 0 ? [`## ${title}`, `\`\`\`ts\n${texts.join('\n\n')}\n\`\`\``] : [];
  const named = [...names].toSorted(([a], [b]) => compare(a, b));
  const rest = [...described].filter(([symbol]) => !own.has(symbol)).toSorted(([a], [b]) => compare(a.name, b.name));
  return [
    `# ${entry}: ${names.size} ${names.size === 1 ? 'name' : 'names'}`,
    ...section(
      'Exported',
      named.map(([name, symbol]) => (name === symbol.name ? '' : `// exported as ${name}\n`) + described.get(symbol)),
    ),
    ...section(
      'Part of it, without a name of its own',
      rest.map(([, text]) => text),
    ),
    ...(imported.size > 0
      ? [
          '## Named by other entries',
          [...imported]
            .toSorted(compare)
            .map((name) => `- ${name}`)
            .join('\n'),
        ]
      : []),
  ].join('\n\n');
}

const compare = (a, b) => (a < b ? -1 : Number(a > b));

/** What importing the root adds to the types of axios. */
function augmentations() {
  const blocks = program
    .getSourceFiles()
    .filter(isOurs)
    .flatMap((source) =>
      source.statements.filter((node) => ts.isModuleDeclaration(node) && ts.isStringLiteral(node.name)),
    )
    .map((block) => printer.printNode(ts.EmitHint.Unspecified, block, block.getSourceFile()));
  return `## What importing it adds to the types of other packages\n\n\`\`\`ts\n${blocks.toSorted(compare).join('\n\n')}\n\`\`\``;
}

const folder = join(root, 'api');
const update = process.argv.includes('--update');
const changed = [];
mkdirSync(folder, { recursive: true });
for (const [entry, names] of exported) {
  const path = join(folder, `${entry.replace('/', '-')}.md`);
  const text = `${[report(entry, names), ...(entry === 'nest-outbound' ? [augmentations()] : [])].join('\n\n')}\n`;
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  changed.push(path);
  if (update) writeFileSync(path, text);
}

for (const path of changed) console.log(`${update ? 'written' : 'differs'}: ${path}`);
if (changed.length === 0) console.log(`api: the public surface of ${exported.size} entries is as it was`);
else if (!update) {
  console.error('The public surface has changed. If you mean it to, run `npm run api` and look at the diff.');
  process.exitCode = 1;
}
