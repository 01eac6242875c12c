import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';

const HANDLE = 'kHandle';

/** A stream's handle → its session's, kept until the stream's is collected. */
const sessions = new FinalizationRegistry<object>(() => {});

/**
 * Has the native part of a session outlive that of a stream. Node 20 to 24 end the process (`Assertion failed: (current_nghttp2_memory_) == (0)`) where
 * the garbage collection takes a session first and the stream has header lines that were not handed over: a header block that is broken off is enough.
 * https://github.com/nodejs/node/issues/39951
 */
export function keepSessionFor(stream: ClientHttp2Stream, session: ClientHttp2Session): void {
  const ofStream = handleOf(stream);
  const ofSession = handleOf(session);
  if (ofStream && ofSession) sessions.register(ofStream, ofSession);
}

function handleOf(wrapper: object): object | undefined {
  for (const symbol of Object.getOwnPropertySymbols(wrapper)) {
    if (symbol.description === HANDLE) return (wrapper as Record<symbol, object | undefined>)[symbol];
  }
  return undefined;
}
