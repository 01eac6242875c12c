import * as v from 'valibot';
import { InvalidOptionsError } from '../../errors/refusal.errors.js';
import { findProblems } from '../../options/problems.js';
import { flag, group, text } from '../../options/schema-parts.js';
import type { RedactOptions } from '../../redaction/rules.js';

/**
 * - `replay`: nothing is sent; what is not in the fixture fails
 * - `record`: everything is sent, and the fixture is written anew
 * - `check`: everything that is in the fixture is sent, and fails where the answer is no longer of the recorded kind
 * - `auto`: `replay` where there is a fixture, else `record`; under CI (`CI` in the environment) that fails
 */
export type RecordingMode = 'auto' | 'record' | 'replay' | 'check';

/** What must not reach the fixture, besides what everybody's names tell. */
export interface RecordingRedactOptions extends RedactOptions {
  /**
   * Names of fields of JSON and of forms, in whatever case: whatever their values are.
   * @default none but those that look like secrets, as `password` and `access_token` do
   */
  fields?: readonly string[];
  /**
   * Secrets themselves, as `[process.env.API_KEY]`: they are taken out wherever they are, also encoded. Those of fewer than 8 characters
   * and `undefined` are left out.
   */
  values?: readonly (string | undefined)[];
  /** Names of headers, parameters and fields that look like secrets and are none, as `key` where that is the key of an issue. */
  keep?: readonly string[];
}

/** Which recorded request a request is, besides method, URL and body. */
export interface RecordingMatchOptions {
  /**
   * Names of request headers that tell requests apart. They are in the fixture, redacted.
   * @default none
   */
  headers?: readonly string[];
  /**
   * Names of parameters and of fields of the body that are another each time, as `timestamp`. The fixture does not have their values.
   * @default none
   */
  ignore?: readonly string[];
  /**
   * Whether scheme, host and port count.
   * @default true
   */
  origin?: boolean;
}

/** Options of `recordedTransport`. */
export interface RecordingOptions {
  /** The path of the fixture, a JSON file, from the working directory. */
  fixture: string;
  /**
   * `NEST_OUTBOUND_RECORDING` in the environment counts in place of 'auto', so that nothing has to be edited to record again.
   * @default 'auto'
   */
  mode?: RecordingMode;
  /** Further secrets that must not reach the fixture. */
  redact?: RecordingRedactOptions;
  /** Which recorded request a request is. */
  match?: RecordingMatchOptions;
  /** Names of response headers that the fixture need not have, besides those that differ each time, as Date. */
  ignoreHeaders?: readonly string[];
  /**
   * Whether a request that comes more often than it was recorded gets the last response again, rather than fail.
   * @default false
   */
  allowRepeats?: boolean;
}

export interface RecordingSettings {
  readonly fixture: string;
  readonly mode: RecordingMode;
  readonly redact: Readonly<Required<RecordingRedactOptions>>;
  readonly match: Readonly<Required<RecordingMatchOptions>>;
  readonly ignoreHeaders: readonly string[];
  readonly allowRepeats: boolean;
}

/** The variable of the environment that says which mode it is where options leave it open. */
export const MODE_VARIABLE = 'NEST_OUTBOUND_RECORDING';

const MODES = ['auto', 'record', 'replay', 'check'] as const;
const mode = v.picklist(MODES, `one of ${MODES.join(', ')}`);
const names = v.array(v.string('a name'), 'a list of names');
const schema = group({
  fixture: v.pipe(text, v.nonEmpty('the path of a file')),
  mode: v.optional(mode),
  redact: v.optional(
    group({
      headers: v.optional(names),
      query: v.optional(names),
      fields: v.optional(names),
      keep: v.optional(names),
      values: v.optional(v.array(v.union([v.string(), v.undefined()], 'a secret'), 'a list of secrets')),
    }),
  ),
  match: v.optional(group({ headers: v.optional(names), ignore: v.optional(names), origin: v.optional(flag) })),
  ignoreHeaders: v.optional(names),
  allowRepeats: v.optional(flag),
});

/** @throws InvalidOptionsError that lists every wrong option */
export function resolveRecording(options: RecordingOptions, env: NodeJS.ProcessEnv): RecordingSettings {
  const ofEnvironment = env[MODE_VARIABLE] || undefined;
  const problems = findProblems(schema, options);
  if (ofEnvironment !== undefined && !v.is(mode, ofEnvironment)) {
    problems.push(`${MODE_VARIABLE} in the environment: expected one of ${MODES.join(', ')}`);
  }
  if (problems.length > 0) throw new InvalidOptionsError('recordedTransport', problems);
  const { fixture, mode: given = 'auto', redact = {}, match = {}, ignoreHeaders = [], allowRepeats = false } = options;
  return {
    fixture,
    mode: given === 'auto' ? ((ofEnvironment as RecordingMode | undefined) ?? 'auto') : given,
    redact: { headers: [], query: [], fields: [], values: [], keep: [], ...redact },
    match: { headers: [], ignore: [], origin: true, ...match },
    ignoreHeaders,
    allowRepeats,
  };
}
