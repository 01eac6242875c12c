import { createHash } from 'node:crypto';

/** A secret as what stands for it in keys: its SHA-256. */
export const digest = (secret: string): string => createHash('sha256').update(secret).digest('base64url');
