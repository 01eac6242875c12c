// An app without a network
export { HttpClientTestingModule } from './http-client-testing.module.js';
export type { HttpClientTestingOptions } from './testing-options.js';
export { HttpTestingController, type MatchOptions } from './http-testing-controller.js';
export { HttpExpectationsError, UnansweredRequestError, UnexpectedRequestError } from './testing.errors.js';

// What is expected
export {
  type ExactQuery,
  exactly,
  type RequestMatch,
  type RequestMatcher,
  type TextMatch,
  type UrlMatch,
} from './request-match.js';
export { type AsymmetricMatcher, containing } from './match-value.js';
export type { Count, ExpectedRequest, MatchedRequests } from './expectation.js';
export type { EndpointsOf, ExpectedCall, ExpectedCallOptions, FakeContext, Fakes } from './contracts.js';
export { fakeApi } from './contracts.js';
export type { ReceivedRequest } from './received-request.js';

// What is answered
export type { Answers, StreamChunks } from './expectation.js';
export type { ErrorCode, Reply, ReplyHeaders, StreamChunk, StreamOptions } from './answer.js';
export type { NetworkErrorCode } from './network-error.js';

// Time
export { ManualClock } from './manual-clock.js';

// Upstreams
export { startUpstream, type Upstream, type UpstreamOptions } from './upstream/start-upstream.js';
export { type AnswerOptions, bytes, json, redirect, retryLater, status, text } from './upstream/answers.js';
export { hang, reset, type StoppingPoint } from './upstream/failures.js';
export { type Held, hold, sequence } from './upstream/control.js';
export { listener, raw } from './upstream/listener.js';
export type { Answerer, UpstreamExchange, UpstreamReply } from './upstream/reply.js';
export type { UpstreamRequest } from './upstream/upstream-request.js';
export type { ParamsOf } from './upstream/path-pattern.js';
export type { SocketCounts } from './upstream/server-sockets.js';

// Recording and replaying
export { type Recording, recordedTransport } from './recording/recorded-transport.js';
export type {
  RecordingMatchOptions,
  RecordingMode,
  RecordingOptions,
  RecordingRedactOptions,
} from './recording/recording-options.js';
export type { RecordingReport } from './recording/session.js';
export { RecordingDriftError } from './recording/recording-drift.error.js';
export { FixtureError } from './recording/fixture.error.js';
