import fc from 'fast-check';
import { expect, it } from 'vitest';
import { redactText } from './text.js';

it.each([
  ['GET https://u:p@a.example/x?token=t: failed', 'GET https://a.example/x?token=[redacted] failed'],
  ['cannot reach "//u:p@a.example"', 'cannot reach "//a.example"'],
  ['bad request, token=t, page=2', 'bad request, token=[redacted], page=2'],
  ['connect ECONNREFUSED 127.0.0.1:80', 'connect ECONNREFUSED 127.0.0.1:80'],
  [
    '    at f (file:///a/node_modules/@nestjs/core/x.js:1:2)',
    '    at f (file:///a/node_modules/@nestjs/core/x.js:1:2)',
  ],
  ['X-Api-Key: abc123, next', 'X-Api-Key: [redacted], next'],
  ['Cookie: a=b; c=d\r\nAccept: a', 'Cookie: [redacted]\r\nAccept: a'],
  ['Authorization: Bearer abc.def', 'Authorization: Bearer [redacted]'],
  ['authorization: Bearer realm="a"', 'authorization: Bearer realm="a"'],
  ['{"password": "a\\"b", "page": 2}', '{"password": "[redacted]", "page": 2}'],
  ['"{\\"password\\":\\"a\\",\\"otp\\":123456}"', '"{\\"password\\":\\"[redacted]\\",\\"otp\\":[redacted]}"'],
  ["{ password: 'a b', 'x-key' => 'c' }", "{ password: '[redacted]', 'x-key' => '[redacted]' }"],
  ['{"name":"password","value":"a"}', '{"name":"password","value":"[redacted]"}'],
  ['{"value":"a","name":"page"}', '{"value":"a","name":"page"}'],
  ['<token>a</token><b>c</b>', '<token>[redacted]</token><b>c</b>'],
  ['<input name="_csrf" value="a"/>', '<input name="_csrf" value="[redacted]"/>'],
  ['a=1; back=https%3A%2F%2Fb.example%2F%3Fcode%3Dc', 'a=1; back=[redacted]'],
  [
    'the token expired; session: closed. key: expected a string, got 5',
    'the token expired; session: closed. key: expected a string, got 5',
  ],
  ['tls.key: expected a text, got a number', 'tls.key: expected a text, got a number'],
  ['Basic plan, basic auth, bearer of news', 'Basic plan, basic auth, bearer of news'],
  ['max_tokens: 12, "total_tokens":7', 'max_tokens: 12, "total_tokens":7'],
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

it.each([
  'a',
  '/',
  '?',
  "Unexpected token 'a', \"",
  '://',
  '%3D',
  '=',
  '@',
  '"',
  '\\',
  '\\"',
  '{',
  '<',
  '<a ',
  '<a b=',
  'a:',
  'token: ',
  '"token":"',
  'name="a"\r\n',
  'Bearer ',
  'a=b; ',
  'eyJaaaaa.',
  'eyJaaaaa-',
  'eyJ-',
  'a=%25',
  'a=b;',
  'http://u:p@h/?a=',
  '<a><![CDATA[',
  '-----BEGIN PRIVATE KEY-----',
  '<key>a</key>',
  '{"name":"token"',
  ' ',
])('reads a long text of %j once', { timeout: 30_000 }, (part) => {
  const text = part.repeat(300_000 / part.length);
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
    { numRuns: 50 },
  );
}, 30_000);
