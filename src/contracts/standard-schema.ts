import { isThenable } from '../base/argument-checks.js';
import { nameOfThrown } from '../errors/http-client.error.js';

/**
 * What zod, valibot, arktype and others have in common: https://standardschema.dev, whose types are meant to be copied, so that nothing
 * depends on a package for them.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** The interface that all of these libraries share. */
  readonly '~standard': {
    /** The version of the standard. */
    readonly version: 1;
    /** The library. */
    readonly vendor: string;
    /** Checks a value, and returns what it becomes, or the issues. */
    readonly validate: (value: unknown) => Validated<Output> | Promise<Validated<Output>>;
    /** For TypeScript only: what it takes, and what it returns. */
    readonly types?:
      | {
          /** What it takes. */
          readonly input: Input;
          /** What it returns. */
          readonly output: Output;
        }
      | undefined;
  };
}

export type Validated<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  /** The schema's own words, which may hold values. */
  readonly message: string;
  /** Where in the value; absent for the value as a whole. */
  readonly path?:
    | readonly (
        | PropertyKey
        | {
            /** The name or index. */
            readonly key: PropertyKey;
          }
      )[]
    | undefined;
}

export type InputOf<Schema> = Schema extends StandardSchema
  ? NonNullable<Schema['~standard']['types']>['input']
  : never;
export type OutputOf<Schema> = Schema extends StandardSchema
  ? NonNullable<Schema['~standard']['types']>['output']
  : never;

export function isSchema(value: unknown): value is StandardSchema {
  // arktype's are functions
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject && typeof (value as Partial<StandardSchema>)['~standard']?.validate === 'function';
}

/** What was checked, or why not. */
export type Checked = Validated<unknown> | Thrown;

/** A schema, or a function beside it, has thrown instead of saying what is wrong. */
export interface Thrown {
  readonly issues: readonly [SchemaIssue];
  readonly thrown: unknown;
}

export function thrownBy(what: string, thrown: unknown): Thrown {
  return { issues: [{ message: `${what} has thrown ${nameOfThrown(thrown)}` }], thrown };
}

/** What a schema says of a value: at once, or later, as whatever it takes for a promise. Never throws. */
export function validate(schema: StandardSchema, value: unknown): Checked | Promise<Checked> {
  const failed = (error: unknown) => thrownBy('the schema', error);
  try {
    const validated: Validated<unknown> | PromiseLike<Validated<unknown>> = schema['~standard'].validate(value);
    return isThenable(validated) ? Promise.resolve(validated).catch(failed) : validated;
  } catch (error) {
    return failed(error);
  }
}

/** `items[3].name`: where an issue is; empty for the value as a whole. */
export function pathOf({ path = [] }: SchemaIssue): string {
  // Into a list of its own: arktype's maps an empty path to `[0]`.
  return Array.from(path)
    .map((part) => (typeof part === 'object' ? part.key : part))
    .map((key) => (typeof key === 'number' || /^\d+$/.test(String(key)) ? `[${String(key)}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}
