/**
 * A response body as something JSON can hold: its value where it is JSON itself, a string where it is other text, a data
 * URL where it is binary, so that no byte is lost.
 */
export function bodyAsJson(body: Buffer, contentType = ''): unknown {
  const text = textOf(body, contentType);
  if (text === undefined) return `data:${contentType};base64,${body.toString('base64')}`;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function textOf(body: Buffer, contentType: string): string | undefined {
  const charset = /;\s*charset="?([^\s;"]+)/i.exec(contentType)?.[1];
  try {
    return new TextDecoder(charset, { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}
