import { AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import { type Call, createCall } from '../../src/call/call.js';

/** A call of the default client: a GET of http://a.example/, unless its config says otherwise. */
export function callOf({
  headers,
  ...config
}: Partial<InternalAxiosRequestConfig> | Record<string, unknown> = {}): Call {
  const given = headers as Record<string, string> | undefined;
  return createCall({ url: 'http://a.example/', ...config, headers: AxiosHeaders.from(given) }, 'default');
}
