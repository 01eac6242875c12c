/** A value, or what gives it each time that it is needed: for secrets that are rotated. */
export type CredentialValue = string | (() => string | Promise<string>);

/** What a function that gives credentials is told. */
export interface CredentialRequest {
  /** The name of the client. */
  readonly client: string;
  /** Scheme, host and port that the call is for. */
  readonly origin: string;
  /**
   * What the upstream has just refused with 401; undefined where nothing was. Give another then, if there may be one: as `forceRefresh` of
   * MSAL. The same once more ends the call with that 401.
   */
  readonly refused: string | undefined;
}

/** Gives the credentials of one attempt of a call. */
export type CredentialFunction = (request: CredentialRequest) => string | Promise<string>;

/** OAuth 2.0 client credentials (RFC 6749 §4.4): a token for the app itself. */
export interface OAuth2Options {
  /** Absolute, http or https. */
  tokenUrl: string;
  clientId: CredentialValue;
  /** Asked for at each renewal, where it is a function. */
  clientSecret: CredentialValue;
  /** Separated by spaces. */
  scope?: string;
  /** Whom the token is for, as Auth0 and Okta have it. */
  audience?: string;
  /** The same by RFC 8707: a URL, or several. */
  resource?: string | readonly string[];
  /** Further parameters of the token request. */
  params?: Readonly<Record<string, string>>;
  /**
   * How the client says who it is (RFC 6749 §2.3.1): in an `Authorization: Basic` header, or in the body of the request.
   * @default 'client_secret_basic'
   */
  method?: 'client_secret_basic' | 'client_secret_post';
  /**
   * How long a renewal may take, its retries included.
   * @default 10_000 milliseconds
   */
  timeoutMs?: number;
}

/** What `sign` is given: the request of one attempt as it is about to be sent. */
export interface SignableRequest {
  /** Upper case. */
  readonly method: string;
  /** With its query as it is sent. */
  readonly url: URL;
  /** In lower case; what the transport adds by itself (`content-length`, `accept-encoding`, `user-agent`) is not among them, `host` is. */
  readonly headers: Readonly<Record<string, string>>;
  /** What is sent; empty for none. Undefined where the bytes are not known before they are sent: of streams and multipart forms. */
  readonly body: Uint8Array | undefined;
}

/** How a client says who it is. One of these. They are sent to the origin of its `baseURL` and nowhere else. */
export interface AuthOptions {
  /** A token that is got from an authorization server, kept, and renewed before it expires. */
  oauth2?: OAuth2Options;
  /** `Authorization: Bearer …`: a token, or what gives it for each attempt. */
  bearer?: string | CredentialFunction;
  /** `Authorization: Basic …` (RFC 7617). */
  basic?: { username: CredentialValue; password: CredentialValue };
  /** A header of this name, which is then redacted like any secret. */
  apiKey?: { header: string; value: string | CredentialFunction };
  /** Gives the headers that sign an attempt, as AWS Signature Version 4. They replace those of the same names. */
  sign?: (request: SignableRequest) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /**
   * Whether a function gives every caller the same credentials. If it may not, as where it looks at the inbound request, calls of this client share no
   * answers: `resilience.coalesce` is off for it.
   * @default false for `bearer`, `apiKey` and `sign` with a function; everything else is the same for all
   */
  sameForAll?: boolean;
}
