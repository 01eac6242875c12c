import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SecretValues } from './secret-values.js';

const knowing = (...secrets: string[]) => {
  const values = new SecretValues();
  for (const secret of secrets) values.add(secret);
  return values;
};

describe('known secrets', () => {
  const secret = 'p@ss "w/örd"&1';

  it.each([
    ['as they are', secret],
    ['percent-encoded', encodeURIComponent(secret)],
    ['as forms encode them', new URLSearchParams([['', secret]]).toString().slice(1)],
    ['in JSON', JSON.stringify(secret).slice(1, -1)],
    ['in hexadecimal', Buffer.from(secret).toString('hex')],
  ])('are taken out %s', (_, written) => {
    expect(knowing(secret).withoutThem(`before ${written} after`)).toBe('before [redacted] after');
    expect(
      knowing(secret)
        .withoutThemInBytes(Buffer.from(`\0${written}\xff`))
        .toString(),
    ).toBe('\0[redacted]\xff');
  });

  it.each(['base64', 'base64url'] as const)('are taken out of %s, whatever stands around them', (encoding) => {
    const text = fc.string({ unit: 'binary', maxLength: 12 });
    fc.assert(
      fc.property(text, fc.string({ unit: 'binary', minLength: 8 }), text, (before, value, after) => {
        const encoded = Buffer.from(before + value + after).toString(encoding);
        expect(knowing(value).withoutThem(encoded)).toContain('[redacted]');
      }),
    );
  });

  it('are taken out whole where one is part of another', () => {
    expect(knowing('abcdefgh', 'abcdefghijkl').withoutThem('abcdefghijkl abcdefgh')).toBe('[redacted] [redacted]');
  });

  it('are none where they are too short to be told from words', () => {
    expect(knowing('short').withoutThem('a short text')).toBe('a short text');
  });

  it.each([
    ['required', 'required'],
    ['is missing', 'is missing'],
    ['a1b2c3d4', '[redacted]'],
  ])('that an upstream tells are none where they are words: %s', (value, left) => {
    const values = new SecretValues();
    values.addTold(value);
    expect(values.withoutThem(value)).toBe(left);
  });
});
