import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Readable } from 'node:stream';
import type { InputOf, OutputOf, StandardSchema } from './standard-schema.js';

// oxlint-disable typescript/no-empty-object-type -- in types, it is what adds nothing

type AnySchema = StandardSchema;

/** How a body is read that no schema describes. */
export type ResponseKind = 'text' | 'bytes' | 'stream' | 'void';

/** What an endpoint takes and gives. Schemas are those of any library that implements Standard Schema: zod, valibot, arktype … */
export interface EndpointOptions {
  /** Of the parameters of the path. Without it each is a string or a number. */
  readonly path?: AnySchema;
  /** Of the query. The call sends what the schema returns. */
  readonly query?: AnySchema;
  /** A schema of the headers that callers give, or headers that are sent with every call. */
  readonly headers?: AnySchema | Readonly<Record<string, string>>;
  /** Of the request body. The call sends what the schema returns, as JSON. */
  readonly body?: AnySchema;
  /** What a call resolves with. Without it: whatever the response has, as `unknown`. */
  readonly response?: AnySchema | ResponseKind;
  /** Takes what `response` describes out of an envelope. */
  readonly select?: (response: AxiosResponse) => unknown;
  /** Status → the body that goes with it, which an `ApiError` then has. */
  readonly errors?: Readonly<Record<number, AnySchema>>;
  /**
   * What retries and the circuit breaker take a response for that does not fit `response`. `'failure'`: for a failed attempt, so it is retried if the
   * method permits, and counts for the breaker. Each response is then read and checked a second time, before interceptors see it.
   * @default the call fails, and neither counts it: the upstream has answered
   */
  readonly invalidResponse?: 'failure';
  /** Time limits of each call. */
  readonly timeouts?: AxiosRequestConfig['timeouts'];
  /** Whether its responses are cached, and how. */
  readonly cache?: AxiosRequestConfig['cache'];
  /** In which parts each call differs from its client. */
  readonly resilience?: AxiosRequestConfig['resilience'];
}

/** One operation of an API. */
export interface Endpoint<Path extends string = string, Options extends EndpointOptions = EndpointOptions> {
  /** Upper case. */
  readonly method: string;
  /** With its parameters, as `/users/{user}/repos`: also the call's `urlTemplate`. */
  readonly path: Path;
  /** Its schemas and settings. */
  readonly options: Options;
}

type Flat<Type> = { [Key in keyof Type]: Type[Key] } & {};

/** Every name in braces. */
type NamesIn<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

/** May be left out where `Nothing` fits its schema. */
type Part<Name extends string, Schema, Nothing> = Schema extends AnySchema
  ? Nothing extends InputOf<Schema>
    ? { readonly [Key in Name]?: InputOf<Schema> }
    : { readonly [Key in Name]: InputOf<Schema> }
  : {};

/** What a caller gives: parameters of the path by their names, and `query`, `headers` and `body` where there are schemas for them. */
export type ArgsOf<One> =
  One extends Endpoint<infer Path, infer Options>
    ? Flat<
        (Options['path'] extends AnySchema
          ? InputOf<Options['path']>
          : { readonly [Name in NamesIn<Path>]: string | number }) &
          Part<'query', Options['query'], {}> &
          Part<'headers', Options['headers'], {}> &
          Part<'body', Options['body'], undefined>
      >
    : never;

interface Kinds {
  text: string;
  bytes: Buffer;
  stream: Readable;
  void: void;
}

/** What a call resolves with. */
export type ResultOf<One> =
  One extends Endpoint<string, infer Options>
    ? Options['response'] extends AnySchema
      ? OutputOf<Options['response']>
      : Options['response'] extends ResponseKind
        ? Kinds[Options['response']]
        : unknown
    : never;

/** The body of an error that goes with a status. */
export type ErrorBodyOf<One, Status> =
  One extends Endpoint<string, infer Options>
    ? Options['errors'] extends Readonly<Record<number, AnySchema>>
      ? Status extends keyof Options['errors']
        ? OutputOf<Options['errors'][Status]>
        : never
      : never
    : never;

/** The statuses that have a schema. */
export type StatusOf<One> =
  One extends Endpoint<string, infer Options>
    ? Options['errors'] extends Readonly<Record<number, AnySchema>>
      ? keyof Options['errors'] & number
      : never
    : never;

/** A name that is none of the options', as a typing mistake, does not compile. */
type NothingElse<Options> = { readonly [Name in Exclude<keyof Options, keyof EndpointOptions>]: never };

interface Verb {
  // By itself: what is left out would be inferred from where the endpoint is used, as `any`.
  <const Path extends string>(path: Path): Endpoint<Path, {}>;
  <const Path extends string, const Options extends EndpointOptions>(
    path: Path,
    options: Options & NothingElse<Options>,
  ): Endpoint<Path, Options>;
}

const verb =
  (method: string): Verb =>
  (path: string, options: EndpointOptions = {}) =>
    ({ method, path, options }) as never;

/** An endpoint with the method GET: a path with its parameters in braces, and options. */
export const get: Verb = verb('GET');
/** An endpoint with the method POST: a path with its parameters in braces, and options. */
export const post: Verb = verb('POST');
/** An endpoint with the method PUT: a path with its parameters in braces, and options. */
export const put: Verb = verb('PUT');
/** An endpoint with the method PATCH: a path with its parameters in braces, and options. */
export const patch: Verb = verb('PATCH');
/** An endpoint with the method DELETE: a path with its parameters in braces, and options. */
export const del: Verb = verb('DELETE');
/** An endpoint with the method HEAD: a path with its parameters in braces, and options. */
export const head: Verb = verb('HEAD');
/** An endpoint with the method QUERY: a path with its parameters in braces, and options. */
export const query: Verb = verb('QUERY');
