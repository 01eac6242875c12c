import axios, { type AxiosInstance } from 'axios';
import { expect, onTestFinished } from 'vitest';
import { createTransport, type Transport, type TransportOptions } from '../../src/index.js';

/** A transport by itself, and an axios client on it. It is closed after the test, and must have nothing left then. */
export function startTransport(options?: TransportOptions): { client: AxiosInstance; transport: Transport } {
  const transport = createTransport(options);
  onTestFinished(async () => {
    await transport.close();
    expect(transport.pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0, idle: 0, queued: 0 } });
  });
  return { client: axios.create({ adapter: transport }), transport };
}
