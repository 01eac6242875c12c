import type { Difference } from './differences.js';
import type { RecordedRequest } from './fixture.js';

const MAX_SHOWN = 200;

/**
 * Thrown where a fixture and what is called no longer agree: a request that is not in it, a response that is no longer of the recorded
 * kind, exchanges that nobody asks for. The message has what differs, without secrets, and how to record again.
 */
export class RecordingDriftError extends Error {
  override readonly name = 'RecordingDriftError';
  readonly code = 'ERR_RECORDING_DRIFT';

  private constructor(
    /** The path of the fixture. */
    readonly fixture: string,
    /** One by one. */
    readonly problems: readonly string[],
    message: string,
  ) {
    super(message);
  }

  static notRecorded(
    fixture: string,
    sent: RecordedRequest,
    nearest: { readonly request: RecordedRequest; readonly differences: readonly Difference[] } | undefined,
    hint: string,
  ): RecordingDriftError {
    const problem = `${nameOf(sent)} is not in ${fixture}.`;
    const lines = nearest
      ? [
          `Nearest is ${nameOf(nearest.request)}, which differs in`,
          ...nearest.differences.map(
            ({ path, recorded, sent: now }) => `  ${path}: recorded ${shown(recorded)}, sent ${shown(now)}`,
          ),
        ]
      : ['There is nothing in it.'];
    return new RecordingDriftError(fixture, [problem], [problem, ...lines, hint].join('\n'));
  }

  static repeated(fixture: string, sent: RecordedRequest, times: number, hint: string): RecordingDriftError {
    const problem = `${nameOf(sent)} was recorded ${times === 1 ? 'once' : `${times} times`} in ${fixture}, and comes once more.`;
    return new RecordingDriftError(
      fixture,
      [problem],
      `${problem}\nWhere that is as it should be: allowRepeats.\n${hint}`,
    );
  }

  static changed(
    fixture: string,
    sent: RecordedRequest,
    changes: readonly string[],
    hint: string,
  ): RecordingDriftError {
    const problem = `The response to ${nameOf(sent)} is not what it was in ${fixture}: ${changes.join('; ')}`;
    const lines = [
      `The response to ${nameOf(sent)} is not what it was in ${fixture}:`,
      ...changes.map((change) => `  ${change}`),
    ];
    return new RecordingDriftError(fixture, [problem], [...lines, hint].join('\n'));
  }

  static unverified(fixture: string, problems: readonly string[], hint: string): RecordingDriftError {
    const lines = problems.map((problem) => `  - ${problem}`);
    return new RecordingDriftError(
      fixture,
      problems,
      [`${fixture} and what was called differ:`, ...lines, hint].join('\n'),
    );
  }
}

export const nameOf = ({ method, url }: RecordedRequest): string => `${method} ${url}`;

function shown(value: string | undefined): string {
  if (value === undefined) return 'none';
  return value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value;
}
