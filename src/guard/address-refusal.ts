/** What the guard ends a connection with. Says nothing of the address; whoever knows the call makes an AddressBlockedError of it. */
export class AddressRefusal extends Error {
  override readonly name = 'AddressRefusal';
  readonly code = 'ERR_ADDRESS_BLOCKED';

  constructor(readonly rule: string) {
    super(`the address guard refuses this address: ${rule}`);
  }
}

const MAX_CAUSES = 8;

/** The refusal that an error is, or comes from: axios and follow-redirects wrap what they get. */
export function refusalIn(error: unknown): AddressRefusal | undefined {
  let cause = error;
  for (let depth = 0; depth < MAX_CAUSES && cause instanceof Error; depth++) {
    if (cause instanceof AddressRefusal) return cause;
    ({ cause } = cause);
  }
  return undefined;
}
