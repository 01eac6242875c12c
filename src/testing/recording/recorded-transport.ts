import type { Layer } from '../../call/call.js';
import { ExchangeForms } from './exchange-forms.js';
import { FixtureError } from './fixture.error.js';
import { readFixture } from './fixture.js';
import { recordSession } from './record-session.js';
import { RecordingDriftError } from './recording-drift.error.js';
import { MODE_VARIABLE, type RecordingOptions, type RecordingSettings, resolveRecording } from './recording-options.js';
import { ReplayQueue } from './replay-queue.js';
import { checkSession, replaySession } from './replay-session.js';
import type { RecordingReport, Session, SessionContext } from './session.js';

/** What `HttpClientTestingModule.withOptions({ recording })` takes; a layer that stands right before the transport, and in replay in its place. */
export interface Recording extends Layer, AsyncDisposable {
  /** What it does in this run. */
  readonly mode: RecordingReport['mode'];
  /**
   * Fails where requests were not in the fixture, or answered otherwise, also where the code under test has survived that; and where
   * exchanges of the fixture were not asked for. While recording it does nothing.
   * @param options.allowUnused leaves the latter out, as for a run of some of the tests
   * @throws RecordingDriftError that lists everything
   */
  verify(options?: { readonly allowUnused?: boolean }): void;
  /** Ends it: in mode `record` after the calls in flight, by writing the fixture. Calls fail from then on. `await using` does the same. */
  close(): Promise<RecordingReport>;
}

const CLOSED =
  'the recording is closed, and calls are still made. In HttpClientTestingModule it ends with the app that it was made for: make ' +
  'another one for each app';

/**
 * Records exchanges with real upstreams in a fixture, and replays them without any. The fixture has no secrets; requests are found in it by
 * their method, URL and body, in whatever order they come, and equal ones in the order in which they were recorded.
 *
 * Attempts are recorded one by one, retries included; redirects are not, only where they led to. Responses are read whole before the caller
 * gets them, streams included. Exchanges that fail without a response are not recorded.
 * @throws InvalidOptionsError where options are wrong
 * @throws FixtureError where there is no fixture to replay or check, or none that can be read; and in mode `auto` where it would have to
 * be recorded under CI
 */
export function recordedTransport(options: RecordingOptions): Recording {
  const settings = resolveRecording(options, process.env);
  const { mode, session } = openSession(settings, hintFor(options));
  let report: Promise<RecordingReport> | undefined;
  const layer: Layer = (next) => async (call) => {
    if (report) throw new FixtureError(settings.fixture, CLOSED);
    return session.handle(next, call);
  };
  const close = () => (report ??= session.close());
  return Object.assign(layer, {
    mode,
    verify({ allowUnused = false } = {}) {
      const unused = allowUnused ? [] : session.unused().map((name) => `${name} was not asked for`);
      const problems = [...session.problems(), ...unused];
      if (problems.length > 0) throw RecordingDriftError.unverified(settings.fixture, problems, hintFor(options));
    },
    close,
    async [Symbol.asyncDispose]() {
      await close();
    },
  });
}

function openSession(settings: RecordingSettings, hint: string): { mode: RecordingReport['mode']; session: Session } {
  const { fixture, allowRepeats } = settings;
  const context: SessionContext = { fixture, forms: new ExchangeForms(settings), hint };
  const existing = readFixture(fixture);
  const mode = settings.mode === 'auto' ? autoMode(fixture, existing !== undefined) : settings.mode;
  if (mode === 'record') return { mode, session: recordSession(context, existing) };
  if (!existing) throw new FixtureError(fixture, `there is no such file. ${hint}`);
  const queue = new ReplayQueue(existing, allowRepeats);
  return { mode, session: mode === 'check' ? checkSession(context, queue) : replaySession(context, queue) };
}

function autoMode(fixture: string, exists: boolean): 'record' | 'replay' {
  if (exists) return 'replay';
  if (!isCI(process.env)) return 'record';
  throw new FixtureError(
    fixture,
    'there is no such file, and nothing is recorded under CI (CI is set in the environment). Run the tests elsewhere, and commit the file',
  );
}

/** As common CI services set it. */
const isCI = ({ CI = '' }: NodeJS.ProcessEnv): boolean => !['', '0', 'false'].includes(CI.toLowerCase());

const hintFor = ({ mode }: RecordingOptions): string =>
  mode === undefined || mode === 'auto'
    ? `To record it again, delete the file or run with ${MODE_VARIABLE}=record.`
    : "To record it again, run once with mode: 'record'.";
