import type { AxiosResponse } from 'axios';
import type { Call, Handler } from '../../call/call.js';
import type { ExchangeForms } from './exchange-forms.js';

/** What was done with a fixture. */
export interface RecordingReport {
  /** What was done in this run. */
  readonly mode: 'record' | 'replay' | 'check';
  /** Whether the fixture was written: where anything was recorded. */
  readonly written: boolean;
  /** Exchanges in the fixture. */
  readonly exchanges: number;
  /** Requests that the fixture did not have before, as `GET https://…`. */
  readonly added: readonly string[];
  /** Requests that it no longer has. */
  readonly removed: readonly string[];
  /** Requests whose responses are no longer of the recorded kind, and how, as `GET https://…: status: recorded 200, now 404`. */
  readonly changed: readonly string[];
}

/** One run in one mode. */
export interface Session {
  readonly handle: (next: Handler, call: Call) => Promise<AxiosResponse>;
  /** What has not gone as the fixture has it. */
  readonly problems: () => readonly string[];
  /** Requests that it has and nobody has made. */
  readonly unused: () => readonly string[];
  readonly close: () => Promise<RecordingReport>;
}

export interface SessionContext {
  readonly fixture: string;
  readonly forms: ExchangeForms;
  /** How to record again, for messages. */
  readonly hint: string;
}
