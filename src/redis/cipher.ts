import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** 32 bytes, or they in base64. */
export type EncryptionKey = Uint8Array | string;

const KEY_BYTES = 32;
/** NIST SP 800-38D: random, and as long as is best for GCM. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** @returns undefined for what is no key of AES-256 */
export function keyBytes(key: unknown): Buffer | undefined {
  if (typeof key !== 'string' && !(key instanceof Uint8Array)) return undefined;
  const bytes = typeof key === 'string' ? Buffer.from(key, 'base64') : Buffer.from(key);
  return bytes.length === KEY_BYTES ? bytes : undefined;
}

/** AES-256-GCM. */
export class Cipher {
  readonly #keys: readonly Buffer[];

  /** @param keys the first encrypts; each decrypts: so they can be rotated */
  constructor(keys: readonly Buffer[]) {
    this.#keys = keys;
  }

  /** @param place where it will be: it can be read there only */
  encrypt(text: string, place: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#keys[0]!, iv).setAAD(Buffer.from(place));
    const encrypted = [cipher.update(text, 'utf8'), cipher.final()];
    return Buffer.concat([iv, cipher.getAuthTag(), ...encrypted]).toString('base64');
  }

  /** @returns undefined for what nobody has encrypted with one of these keys, for this place */
  decrypt(text: string, place: string): string | undefined {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length < IV_BYTES + TAG_BYTES) return undefined;
    const iv = bytes.subarray(0, IV_BYTES);
    const tag = bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
    const encrypted = bytes.subarray(IV_BYTES + TAG_BYTES);
    for (const key of this.#keys) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
        decipher.setAAD(Buffer.from(place)).setAuthTag(tag);
        return decipher.update(encrypted, undefined, 'utf8') + decipher.final('utf8');
      } catch {
        // another key's, or nobody's
      }
    }
    return undefined;
  }
}
