import fc from 'fast-check';
import { expect, it } from 'vitest';
import { redactText } from './redact-text.js';

it.each([
  ['GET https://u:p@a.example/x?token=t: failed', 'GET https://a.example/x?token=[redacted] failed'],
  ['cannot reach "//u:p@a.example"', 'cannot reach "//a.example"'],
  ['bad request, token=t, page=2', 'bad request, token=[redacted], page=2'],
  ['connect ECONNREFUSED 127.0.0.1:80', 'connect ECONNREFUSED 127.0.0.1:80'],
  [
    '    at f (file:///a/node_modules/@nestjs/core/x.js:1:2)',
    '    at f (file:///a/node_modules/@nestjs/core/x.js:1:2)',
  ],
])('makes of %j %j', (text, expected) => expect(redactText(text)).toBe(expected));

it('shows nothing of what JSON.parse could not parse', () => {
  const broken = fc.string({
    unit: fc.constantFrom('X', '{', '"', '\n', '[', ':', ',', '1'),
    minLength: 1,
    maxLength: 60,
  });
  fc.assert(
    fc.property(broken, (json) => {
      const text = `body: ${json.replaceAll('X', 'QZ')}`;
      try {
        JSON.parse(text);
      } catch (error) {
        const { message, stack } = error as Error;
        expect(redactText(`${message}\n${stack}\nCaused by: ${stack}`)).not.toMatch(/QZ|body/);
      }
    }),
  );
});

it.each(['a', '/', '?', "Unexpected token 'a', \"", '://', '%3D', '=', '@'])('reads a long text of %j once', (part) => {
  const text = part.repeat(200_000);
  expect(typeof redactText(`is not valid JSON, x=${text}`)).toBe('string');
});

it('changes nothing twice', () => {
  const part = fc.oneof(
    fc.webUrl({ withQueryParameters: true }),
    fc.constantFrom('token=a', '"https://u:p@h/p?key=a"', 'a.', '='),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const once = redactText(parts.join(' '));
      expect(redactText(once)).toBe(once);
    }),
  );
});
