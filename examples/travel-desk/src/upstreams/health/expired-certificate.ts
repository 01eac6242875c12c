import { type Certificate, certificate } from '../certificate.js';

const DAY_MS = 86_400_000;

/** A certificate that was valid until yesterday. */
export const expiredCertificate = (): Promise<Certificate> =>
  certificate(new Date(Date.now() - 2 * DAY_MS), new Date(Date.now() - DAY_MS));
