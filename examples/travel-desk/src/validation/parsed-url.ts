/** @returns undefined for what is no URL. `URL.canParse` is wrong about Latin-1 letters on Node 20, once it was called some thousand times. */
export function parsedUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
