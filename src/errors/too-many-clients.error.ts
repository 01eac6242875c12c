/** `HttpClients.create` refuses another client: as many as `maxRuntimeClients` allows are open, or still closing. */
export class TooManyClientsError extends Error {
  /** The name of the class. */
  override readonly name = 'TooManyClientsError';
  /** Tells it from other errors where there are no classes. */
  readonly code = 'ERR_TOO_MANY_CLIENTS';

  /** @param max the option `maxRuntimeClients` */
  constructor(readonly max: number) {
    super(
      `${max} clients made at run time are open; close those that are not needed with HttpClients.close, ` +
        'or raise maxRuntimeClients of HttpClientModule.forRoot',
    );
  }
}
