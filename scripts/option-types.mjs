// The types of the options, with their doc comments.
import { join } from 'node:path';
import ts from 'typescript';

/** Types whose members are the options, and the file that has them. The first that has an option describes it. */
const ROOTS = [
  ['src/options/http-client-options.ts', 'HttpClientModuleOptions'],
  ['src/options/http-client-options.ts', 'NamedHttpClientOptions'],
  ['src/options/http-client-options.ts', 'OriginOptions'],
  ['src/nest/root.module.ts', 'HttpClientModuleExtras'],
];

/**
 * @param isGroup whether an option has options of its own
 * @returns Map of path → its type as text, its meaning, its `@default`, and what its group is about
 */
export function optionTypes(root, isGroup) {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)).config,
    ts.sys,
    root,
  );
  const files = [...new Set(ROOTS.map(([file]) => join(root, file)))];
  const program = ts.createProgram(files, { ...options, noEmit: true });
  const checker = program.getTypeChecker();

  const commentOf = (symbol) => ts.displayPartsToString(symbol?.getDocumentationComment(checker));
  const defaultOf = (symbol) => {
    const tag = symbol.getJsDocTags(checker).find(({ name }) => name === 'default');
    return tag && ts.displayPartsToString(tag.text).replaceAll(/\s+/g, ' ');
  };

  /** The object among the types that an option can be. */
  function groupIn(type) {
    const members = type.isUnion() ? type.types : [type];
    return members.find(
      (member) =>
        member.flags & ts.TypeFlags.Object &&
        member.getCallSignatures().length === 0 &&
        !checker.isArrayLikeType(member),
    );
  }

  /** As a reader writes it: functions and groups by these words, aliases by what they are. */
  function textOf(node) {
    if (ts.isUnionTypeNode(node)) return [...new Set(node.types.map(textOf))].join(' | ');
    if (ts.isFunctionTypeNode(node)) return 'function';
    if (ts.isTypeLiteralNode(node)) return 'object';
    if (ts.isParenthesizedTypeNode(node)) return textOf(node.type);
    if (ts.isIndexedAccessTypeNode(node)) return node.getText().replace(/^ConnectionOptions.*/, 'see tls.connect');
    if (!ts.isTypeReferenceNode(node)) return node.getText();
    const type = checker.getTypeFromTypeNode(node);
    if (type.getCallSignatures().length > 0) return 'function';
    const found = meant(checker.getSymbolAtLocation(node.typeName));
    const [declaration] = found.declarations;
    if (declaration.getSourceFile().fileName.includes('/node_modules/')) return node.getText();
    if (!ts.isTypeAliasDeclaration(declaration)) return 'object';
    return ts.isTypeReferenceNode(declaration.type) ? 'object' : textOf(declaration.type);
  }

  const meant = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);

  const found = new Map();
  function collect(type, prefix) {
    for (const symbol of type.getProperties()) {
      const path = prefix + symbol.name;
      const node = symbol.declarations?.[0];
      if (found.has(path) || !node?.type) continue;
      const group = isGroup(path) ? groupIn(checker.getTypeOfSymbol(symbol)) : undefined;
      const about = group && commentOf(group.aliasSymbol ?? group.getSymbol());
      const meaning = commentOf(symbol) || about;
      found.set(path, { type: textOf(node.type), meaning, said: defaultOf(symbol), about: about || meaning });
      if (group) collect(group, `${path}.`);
    }
  }
  for (const [file, name] of ROOTS) {
    const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(join(root, file))));
    collect(checker.getDeclaredTypeOfSymbol(symbols.find((symbol) => symbol.name === name)), '');
  }
  return found;
}
