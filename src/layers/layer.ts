import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { Cancellation } from '../transport/cancellation.js';
import type { CallJournal } from './call-journal.js';

/** What travels through the stack: one call of the user's, or one attempt at it. */
export interface Call {
  /** The config axios hands to its adapter: merged, transformed, the body serialised. Never mutated. */
  readonly config: InternalAxiosRequestConfig;
  /** Which client it was made with. */
  readonly clientName: string;
  /** Scheme, host and port, as `https://api.example.com`; `unix:<path>` for a socket path. */
  readonly origin: string;
  /** Upper case. */
  readonly method: string;
  /** 1 for the first exchange made for this call. */
  readonly attempt: number;
  /** When all of it must be over, on the client's clock; Infinity where nothing limits it. */
  readonly deadline: number;
  /**
   * Ends the call from within: whoever waits on its behalf subscribes. The caller's own `signal` and `cancelToken` end it,
   * too.
   */
  readonly cancellation: Cancellation;
  /** Asks for one more request than was called for, and takes it from the origin's budget. Absent: there is no budget. */
  readonly mayRepeat?: (() => boolean) | undefined;
  /** One for all attempts of the call. */
  readonly journal: CallJournal;
}

/** What a layer may change of a call for the layers within. */
export type CallChanges = Partial<Pick<Call, 'config' | 'attempt' | 'deadline' | 'cancellation' | 'mayRepeat'>>;

/** Carries a call to its response. Settles promptly once `call.cancellation` is cancelled, with its reason. */
export type Handler = (call: Call) => Promise<AxiosResponse>;

/** Wraps a handler. State belongs to the layer instance, never to the call. */
export type Layer = (next: Handler) => Handler;
