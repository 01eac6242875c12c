import { join } from 'node:path';
import ts from 'typescript';

export interface DocumentedField {
  readonly name: string;
  readonly meaning: string;
}

export interface DocumentedEvent {
  readonly name: string;
  /** When it is published. */
  readonly when: string;
  /** In order, those of the interfaces that it extends first. */
  readonly fields: readonly DocumentedField[];
}

/** What the types and comments of the catalogue say. */
export function eventCatalogue(root: string): DocumentedEvent[] {
  const path = join(root, 'src/call/events.ts');
  // The catalogue alone: what it imports is not needed, and takes seconds.
  const program = ts.createProgram([path], { noResolve: true, noLib: true, target: ts.ScriptTarget.ES2023 });
  const checker = program.getTypeChecker();
  const commentOf = (symbol: ts.Symbol | undefined) =>
    ts.displayPartsToString(symbol?.getDocumentationComment(checker)).replace(/\s+/g, ' ').trim();
  const file = program.getSourceFile(path)!;
  const map = file.statements.find(
    (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === 'HttpClientEventMap',
  ) as ts.InterfaceDeclaration;
  return map.members.map((member) => {
    const { name, type } = member as ts.PropertySignature & { name: ts.StringLiteral | ts.Identifier };
    const own = checker.getSymbolAtLocation((type as ts.TypeReferenceNode).typeName);
    const fields = checker
      .getTypeFromTypeNode(type!)
      .getProperties()
      .map((field) => ({ name: field.name, meaning: commentOf(field) }));
    return { name: name.text, when: commentOf(own), fields: fields.toSorted((a, b) => rank(a) - rank(b)) };
  });
}

/** Those that several events have come first. */
const COMMON = ['callId', 'client', 'origin', 'method', 'urlTemplate', 'pool', 'attempt', 'resendCount'];
const rank = ({ name }: DocumentedField) => (COMMON.includes(name) ? COMMON.indexOf(name) : COMMON.length);

const CALL_FIELDS = new Set(COMMON.slice(0, 5));

/** Rows of the table of events: name, when, fields with their units. */
export function eventRows(events: readonly DocumentedEvent[]): string[][] {
  return events.map(({ name, when, fields }) => {
    const isOfCall = fields.some((field) => field.name === 'callId');
    const own = fields.filter((field) => !isOfCall || !CALL_FIELDS.has(field.name));
    const listed = own.map((field) => `\`${field.name}\`${field.name.endsWith('Ms') ? ' (ms)' : ''}`);
    return [`\`${name}\``, when, [...(isOfCall ? ['those of a call'] : []), ...listed].join(', ')];
  });
}

/** Rows of the table of fields: name, events that have it, meaning. */
export function fieldRows(events: readonly DocumentedEvent[]): string[][] {
  const ofCalls = events.filter(({ fields }) => fields.some(({ name }) => name === 'callId')).length;
  const rows = new Map<string, { readonly field: DocumentedField; readonly of: string[] }>();
  for (const event of events) {
    for (const field of event.fields) {
      const key = `${field.name} ${field.meaning}`;
      if (!rows.has(key)) rows.set(key, { field, of: [] });
      rows.get(key)!.of.push(`\`${event.name}\``);
    }
  }
  return Array.from(rows.values(), ({ field, of }) => [
    `\`${field.name}\``,
    CALL_FIELDS.has(field.name) && of.length === ofCalls ? 'every event of a call' : of.join(', '),
    field.meaning,
  ]);
}
