/** As V8 writes them: https://v8.dev/docs/stack-trace-api */
const FRAME = /^\s+at [^\r\n]{1,1000}$/;
/** Where a frame may have more than names of functions and files. */
const MORE = /[=?]|:\/\/[^/\s]*@|%40|eyJ/;

/**
 * A stack whose message is redacted. Frames say where the code stands, not what it was called with: only what has the form of
 * a secret is replaced in them, so `node:internal/timers` stays where a call had the header `x-auth-type: internal`.
 * @param message the one that the stack begins with
 * @param redact takes everything out
 * @param redactForms takes out what its form tells
 */
export function redactStack(
  stack: string,
  message: string,
  redact: (text: string) => string,
  redactForms: (text: string) => string,
): string {
  const at = message === '' ? -1 : stack.indexOf(message);
  const head = at === -1 ? '' : stack.slice(0, at + message.length);
  const lines = stack.slice(head.length).split('\n');
  const redacted = lines.map((line) => {
    if (!FRAME.test(line)) return line === '' ? line : redact(line);
    return MORE.test(line) ? redactForms(line) : line;
  });
  return (head && redact(head)) + redacted.join('\n');
}
