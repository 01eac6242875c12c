export { HttpClientTestingModule } from './http-client-testing.module.js';
export type { HttpClientTestingOptions } from './testing-platform.js';
export { HttpTestingController, type MatchOptions } from './http-testing-controller.js';
export type { Answers, Count, ExpectedRequest, MatchedRequests, StreamChunks } from './expectation.js';
export type { ErrorCode, Reply, ReplyHeaders, StreamChunk, StreamOptions } from './answer.js';
export type { NetworkErrorCode } from './network-error.js';
export {
  type ExactQuery,
  exactly,
  type RequestMatch,
  type RequestMatcher,
  type TextMatch,
  type UrlMatch,
} from './request-match.js';
export { type AsymmetricMatcher, containing } from './match-value.js';
export type { ReceivedRequest } from './received-request.js';
export { ManualClock } from './manual-clock.js';
export { HttpExpectationsError, UnansweredRequestError, UnexpectedRequestError } from './testing.errors.js';
