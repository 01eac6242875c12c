import type { InternalAxiosRequestConfig } from 'axios';
import { type Call, deriveCall, type Handler } from '../../call/call.js';
import { requestTarget } from '../../call/target.js';
import { knownSecrets } from '../../redaction/known-secrets.js';
import {
  MAX_FIXTURE_BODY_BYTES,
  type RecordedExchange,
  type RecordedRequest,
  type RecordedResponse,
} from './fixture.js';
import { absoluteUrl, recordedRequest } from './recorded-request.js';
import { type RawResponse, rawResponse, recordedResponse } from './recorded-response.js';
import type { RecordingSettings } from './recording-options.js';
import { type RecordingRules, recordingRules } from './recording-rules.js';
import type { BufferedRequest } from './request-bytes.js';
import { scrubbedExchange, scrubbedRequest } from './scrub.js';
import { SecretValues } from './secret-values.js';

/** The forms that a fixture has of what is sent and received, and the secrets that were seen while making them. */
export class ExchangeForms {
  readonly #settings: RecordingSettings;
  readonly #rules: RecordingRules;
  readonly #ignoredHeaders: ReadonlySet<string>;
  readonly #secrets = new SecretValues();

  constructor(settings: RecordingSettings) {
    this.#settings = settings;
    this.#rules = recordingRules(settings);
    this.#ignoredHeaders = new Set(settings.ignoreHeaders.map((name) => name.toLowerCase()));
    for (const value of settings.redact.values) if (value !== undefined) this.#secrets.add(value);
  }

  request({ method }: Call, sent: BufferedRequest): RecordedRequest {
    for (const secret of secretsOf(sent.config, this.#rules)) this.#secrets.add(secret);
    const { headers, origin } = this.#settings.match;
    return recordedRequest(method, sent, {
      rules: this.#rules,
      headers,
      origin,
      onSecret: (secret) => this.#secrets.addTold(secret),
    });
  }

  response(raw: RawResponse, { method }: Call, sent: BufferedRequest): Promise<RecordedResponse> {
    return recordedResponse(raw, method, {
      rules: { ...this.#rules, isIgnored: () => false },
      ignoredHeaders: this.#ignoredHeaders,
      sentTo: absoluteUrl(sent),
      onSecret: (secret) => this.#secrets.addTold(secret),
    });
  }

  /** A request without the secrets that have been seen by now, whatever the place. */
  scrubbedRequest(request: RecordedRequest): RecordedRequest {
    return scrubbedRequest(request, this.#secrets);
  }

  /** An exchange without them. */
  scrubbed(exchange: RecordedExchange): RecordedExchange {
    return scrubbedExchange(exchange, this.#secrets);
  }
}

/** Sends a request, and gets all bytes of the response as they are. The call's own limit holds for what it gets of them, decoded. */
export async function exchangeRaw(next: Handler, call: Call, sent: BufferedRequest) {
  const { maxContentLength = -1 } = sent.config;
  const config: InternalAxiosRequestConfig = Object.assign(Object.create(null), sent.config, {
    responseType: 'arraybuffer',
    decompress: false,
    validateStatus: null,
    maxContentLength: maxContentLength > -1 ? Math.max(maxContentLength, MAX_FIXTURE_BODY_BYTES) : -1,
  });
  const response = await next(deriveCall(call, { config }));
  return { raw: rawResponse(response, absoluteUrl(sent)), request: response.request };
}

/** Credentials are sent as base64 of both parts together. */
function* secretsOf(config: InternalAxiosRequestConfig, rules: RecordingRules): Generator<string> {
  yield* knownSecrets(config, rules);
  const credentials = config.auth
    ? `${config.auth.username}:${config.auth.password}`
    : requestTarget(config)?.credentials;
  if (credentials) yield Buffer.from(credentials).toString('base64');
}
