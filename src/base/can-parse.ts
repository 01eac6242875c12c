// oxlint-disable-next-line no-control-regex
const BEYOND_ASCII = /[^\u0000-\u007f]/;

/**
 * Whether `new URL` takes an address. `URL.canParse` says no to text with Latin-1 letters on Node 20, once it was called some thousand
 * times: its fast path takes Latin-1 for UTF-8.
 */
export function canParse(address: string, base?: string): boolean {
  if (!BEYOND_ASCII.test(address)) return URL.canParse(address, base);
  try {
    void new URL(address, base);
    return true;
  } catch {
    return false;
  }
}
