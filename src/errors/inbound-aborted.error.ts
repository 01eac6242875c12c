import { CanceledError } from 'axios';

/** Nobody waits for the call any more: the inbound client has hung up, or whoever runs the work has aborted it. */
export class InboundAbortedError extends CanceledError<never> {}
