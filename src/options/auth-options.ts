/** A value, or a function that returns it each time it is needed: for secrets that are rotated. */
export type CredentialValue = string | (() => string | Promise<string>);

/** The argument of a function that returns credentials. */
export interface CredentialRequest {
  /** The name of the client. */
  readonly client: string;
  /** Scheme, host and port of the call. */
  readonly origin: string;
  /**
   * The credentials that the upstream has just refused with 401; undefined if there was no 401. Return new ones then, if possible. If the
   * function returns the same ones, the call ends with that 401.
   */
  readonly refused: string | undefined;
}

/** Returns the credentials for one attempt of a call. */
export type CredentialFunction = (request: CredentialRequest) => string | Promise<string>;

/** OAuth 2.0 client credentials (RFC 6749 §4.4): a token for the app itself. */
export interface OAuth2Options {
  /** The token endpoint of the authorization server: an absolute http or https URL. */
  tokenUrl: string;
  /** The id of this client at the authorization server. A function runs at each renewal. */
  clientId: CredentialValue;
  /** The secret of this client. A function runs at each renewal. */
  clientSecret: CredentialValue;
  /**
   * The requested scopes, separated by spaces.
   * @default none
   */
  scope?: string;
  /**
   * The API that the token is for, as a parameter `audience` (Auth0, Okta).
   * @default none
   */
  audience?: string;
  /**
   * The API that the token is for, as one or more parameters `resource` (RFC 8707).
   * @default none
   */
  resource?: string | readonly string[];
  /**
   * Additional parameters of the token request.
   * @default none
   */
  params?: Readonly<Record<string, string>>;
  /**
   * Where the token request carries id and secret (RFC 6749 §2.3.1): in an `Authorization: Basic` header, or in the body.
   * @default 'client_secret_basic'
   */
  method?: 'client_secret_basic' | 'client_secret_post';
  /**
   * Time limit for a renewal, with its retries.
   * @default 10_000 milliseconds
   */
  timeoutMs?: number;
  /**
   * Replicas share the token: one renews it, the others use it. It is encrypted in the module's `shared`, which needs an `encryptionKey`.
   * @default false
   */
  shared?: boolean;
}

/** The argument of `sign`: the request of one attempt, right before it is sent. */
export interface SignableRequest {
  /** In upper case. */
  readonly method: string;
  /** The URL with its query, as it is sent. */
  readonly url: URL;
  /** Names in lower case. With `host`, without the headers that the transport adds later (`content-length`, `accept-encoding`, `user-agent`). */
  readonly headers: Readonly<Record<string, string>>;
  /** The body; empty if there is none. Undefined for streams and multipart forms, whose bytes are not known in advance. */
  readonly body: Uint8Array | undefined;
}

/** The credentials of a client: exactly one of these. They are sent to the origin of its `baseURL` and nowhere else. */
export interface AuthOptions {
  /**
   * OAuth 2.0 client credentials: requests a token, caches it, and renews it before it expires.
   * @default none
   */
  oauth2?: OAuth2Options;
  /**
   * `Authorization: Bearer …`: a token, or a function that returns it for each attempt.
   * @default none
   */
  bearer?: string | CredentialFunction;
  /**
   * `Authorization: Basic …` (RFC 7617).
   * @default none
   */
  basic?: {
    /** The user. A function runs for each attempt. */
    username: CredentialValue;
    /** The password. A function runs for each attempt. */
    password: CredentialValue;
  };
  /**
   * A key in a header of your choice.
   * @default none
   */
  apiKey?: {
    /** The name of the header. It is redacted like any secret. */
    header: string;
    /** The key, or a function that returns it for each attempt. */
    value: string | CredentialFunction;
  };
  /**
   * Returns the headers that sign an attempt, such as AWS Signature Version 4. They replace headers of the same names.
   * @default none
   */
  sign?: (request: SignableRequest) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /**
   * Whether a function returns the same credentials for every caller. If not, calls of this client share no responses: `resilience.coalesce` is
   * off.
   * @default false (only `bearer`, `apiKey` and `sign` with a function need it)
   */
  sameForAll?: boolean;
}
