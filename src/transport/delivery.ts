import type { AxiosResponse } from 'axios';
import type { Readable } from 'node:stream';
import { bodyLimit } from '../call/body-limit.js';
import type { Call } from '../call/call.js';
import { responseOf } from '../call/outcome.js';
import { decodeData, keepBody, settled } from '../call/response-data.js';
import { urlOf } from '../call/target.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { readableOf, type WireResponse } from './engine.js';
import type { Opened } from './redirects.js';
import type { ExchangeRequest } from './request.js';
import { decodedBody, readBody, streamedBody, yieldUnread } from './response-body.js';
import { explainedOverflow } from './response-headers.js';
import { asBodyError, axiosResponse } from './response.js';

export interface DeliverySettings {
  readonly pool: Pick<ConnectionPool, 'slots'>;
  /** Response bodies that are read into memory, where the call sets no maxContentLength itself; false: no limit. */
  readonly maxResponseBytes: number | false;
  /** The trailers of a response. */
  readonly maxHeaderBytes: number;
}

/** For whom a response is. */
export interface DeliveryOwner {
  readonly call: Call;
  /** The response as the call has asked for it. */
  delivered(response: AxiosResponse): void;
  /**
   * It is none: AxiosError, with the response, where its status is refused or its body breaks off; BodyTooLargeError, HeadersTooLargeError,
   * or what the exchange has failed with.
   */
  undeliverable(error: unknown): void;
}

/** What comes with the headers may break off before anybody can listen: its reader finds out, and the process does not end. */
const noReaderYet = () => {};

/** Gives a response as the call has asked for it: its body read and decoded, or a stream. */
export class Delivery {
  readonly #owner: DeliveryOwner;
  readonly #opened: Opened;
  readonly #settings: DeliverySettings;
  #answer: AxiosResponse | undefined;
  #isEncoded = false;
  #body: Readable | WireResponse | undefined;

  constructor(owner: DeliveryOwner, opened: Opened, settings: DeliverySettings) {
    this.#owner = owner;
    this.#opened = opened;
    this.#settings = settings;
  }

  /** Whether its body is, or was, for the caller to read. */
  get isStream(): boolean {
    return this.#owner.call.config.responseType === 'stream';
  }

  /** @param request what it is the response to */
  begin({ method, target }: ExchangeRequest): void {
    const { call } = this.#owner;
    const { config } = call;
    const { exchange, response } = this.#opened;
    try {
      const decoded = config.decompress === false ? response : decodedBody(response, method);
      this.#isEncoded = decoded !== response;
      this.#body = this.isStream ? readableOf(decoded as WireResponse) : decoded;
      (response as { responseUrl?: string }).responseUrl = urlOf(target); // what callers of axios find there
      this.#answer = axiosResponse(config, exchange, response);
      // By then a response without a body is known to be complete.
      if (this.isStream) {
        (this.#body as Readable).on('error', noReaderYet);
        queueMicrotask(() => this.#handOver());
      } else {
        const limit = bodyLimit(call, exchange.request, this.#settings.maxResponseBytes);
        readBody(exchange, this.#body, limit, (bytes) => this.#read(bytes));
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The exchange has failed. */
  failed(error: unknown): void {
    if (this.isStream) this.#body!.destroy(error as Error);
    else this.#failReading(error);
  }

  /** The body is the caller's to read. Should it have failed by now, its reader finds out. */
  #handOver(): void {
    const { exchange, response } = this.#opened;
    const answer = this.#answer!;
    try {
      const limit = bodyLimit(this.#owner.call, exchange.request, false); // of the call's own
      const body = this.#body as Readable;
      const { given, limited } = streamedBody(exchange, response, body, limit);
      body.off('error', noReaderYet);
      this.#body = limited;
      answer.data = given;
      this.#owner.delivered(settled(answer));
    } catch (error) {
      this.#fail(error);
    }
  }

  #read(bytes: Buffer): void {
    const answer = this.#answer!;
    try {
      answer.data = decodeData(bytes, answer.config);
      if (this.#owner.call.journal.keepsBody) keepBody(answer, bytes);
    } catch (error) {
      this.#failReading(error);
      return;
    }
    try {
      this.#owner.delivered(settled(answer));
    } catch (error) {
      this.#fail(error);
    }
  }

  #failReading(error: unknown): void {
    const explained = explainedOverflow(error, this.#owner.call, this.#settings.maxHeaderBytes);
    this.#fail(asBodyError(explained, this.#answer!, this.#isEncoded));
  }

  #fail(error: unknown): void {
    const { exchange, origin } = this.#opened;
    const answer = this.#answer;
    // Not one that validateStatus has thrown with an error of its own.
    const isRefused = answer !== undefined && responseOf(error) === answer;
    if (isRefused) yieldUnread(answer, origin, this.#settings.pool.slots, () => exchange.abandon());
    else exchange.abandon();
    this.#owner.undeliverable(error);
  }
}
