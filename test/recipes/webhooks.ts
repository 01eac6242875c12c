import type { AxiosInstance } from 'axios';
import type { NamedHttpClientOptions } from '../../src/index.js';

export const WEBHOOKS = {
  name: 'webhooks',
  guard: true, // users choose the URLs: no private addresses
  redirects: { max: false },
  timeouts: { attemptMs: 5_000 },
  limits: { maxResponseBytes: 64 * 1024 },
  resilience: { preset: 'standard', deadlineMs: 60_000, retry: { max: 4, baseMs: 500 } },
  telemetry: { propagate: false, metrics: false }, // strangers get no trace ids; no time series per host
} satisfies NamedHttpClientOptions;

/** The key makes a POST safe to retry, and tells the receiver about repeats. */
export async function deliver(webhooks: AxiosInstance, url: string, event: { id: string }): Promise<void> {
  await webhooks.post(url, event, { headers: { 'idempotency-key': event.id } });
}
