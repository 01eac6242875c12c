import type { Difference } from './differences.js';
import type { RecordedRequest } from './fixture.js';

const MAX_SHOWN = 200;
const MAX_DIFFERENCES = 10;

/**
 * Thrown where a fixture and what is called no longer agree: a request that is not in it, a response that is no longer of the recorded
 * kind, exchanges that nobody asks for. The message has what differs, without secrets, and how to record again.
 */
export class RecordingDriftError extends Error {
  /** The name of the class. */
  override readonly name = 'RecordingDriftError';
  /** Tells it from other errors where there are no classes. */
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

  /** @internal */
  static notRecorded(
    fixture: string,
    sent: RecordedRequest,
    nearest: { readonly request: RecordedRequest; readonly differences: readonly Difference[] } | undefined,
    hint: string,
  ): RecordingDriftError {
    const what = `${nameOf(sent)} is not in ${fixture}`;
    if (!nearest) {
      return new RecordingDriftError(fixture, [`${what}.`], [`${what}.`, 'There is nothing in it.', hint].join('\n'));
    }
    const name = nameOf(nearest.request);
    const differences = shownDifferences(nearest.differences);
    const lines = [`${what}.`, `Nearest is ${name}, which differs in`, ...differences.map((line) => `  ${line}`), hint];
    return new RecordingDriftError(
      fixture,
      [`${what}; nearest is ${name}: ${differences.join('; ')}`],
      lines.join('\n'),
    );
  }

  /** @internal */
  static repeated(fixture: string, sent: RecordedRequest, times: number, hint: string): RecordingDriftError {
    const problem = `${nameOf(sent)} was recorded ${times === 1 ? 'once' : `${times} times`} in ${fixture}, and comes once more.`;
    return new RecordingDriftError(
      fixture,
      [problem],
      `${problem}\nWhere that is as it should be: allowRepeats.\n${hint}`,
    );
  }

  /** @internal */
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

  /** @internal */
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

function shownDifferences(differences: readonly Difference[]): string[] {
  const lines = differences
    .slice(0, MAX_DIFFERENCES)
    .map(({ path, recorded, sent }) => `${path}: recorded ${shown(recorded)}, sent ${shown(sent)}`);
  const more = differences.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

function shown(value: string | undefined): string {
  if (value === undefined) return 'none';
  return value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value;
}
