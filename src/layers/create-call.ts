import type { InternalAxiosRequestConfig } from 'axios';
import { Cancellation } from '../transport/cancellation.js';
import type { Call } from './layer.js';

/** The call that an axios config, as adapters get it, stands for. */
export function createCall(config: InternalAxiosRequestConfig, clientName: string): Call {
  return new AxiosCall(config, clientName);
}

class AxiosCall implements Call {
  readonly attempt = 1;
  readonly method: string;
  readonly cancellation: Cancellation;

  constructor(
    readonly config: InternalAxiosRequestConfig,
    readonly clientName: string,
  ) {
    this.method = (config.method ?? 'get').toUpperCase();
    this.cancellation = new Cancellation(config.cancelToken);
  }

  /** Found out when asked for: a call that goes well never is. */
  get origin(): string {
    return originOf(this.config);
  }
}

const ABSOLUTE = /^[a-z][a-z\d+.-]*:\/\//i;

function originOf({ socketPath, baseURL, url = '', allowAbsoluteUrls }: InternalAxiosRequestConfig): string {
  if (socketPath) return `unix:${socketPath}`;
  const usesBase = baseURL !== undefined && (allowAbsoluteUrls === false || !ABSOLUTE.test(url));
  const address = usesBase ? baseURL : url;
  // axios refuses an address that is none; until then the call needs a name.
  return URL.canParse(address) ? new URL(address).origin : 'invalid URL';
}
