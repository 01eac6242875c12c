/** `user:password` of a URL, percent-decoded where it is encoded as it should be; empty for none. */
export function credentialsOf({ username, password }: URL): string {
  return username || password ? `${decode(username)}:${decode(password)}` : '';
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
