// What APIs are described with
export { del, get, head, patch, post, put, query } from './endpoint.js';
export type { ArgsOf, Endpoint, EndpointOptions, ErrorBodyOf, ResponseKind, ResultOf } from './endpoint.js';
export { type Api, type EndpointFunction, HttpApi } from './http-api.js';
export type { SchemaIssue, StandardSchema } from './standard-schema.js';
export { paginate, type PaginateOptions } from './paginate.js';
export { ApiError, RequestInvalidError, ResponseInvalidError } from '../errors/contract.errors.js';
