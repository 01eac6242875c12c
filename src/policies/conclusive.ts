/**
 * Whether a status says how a request fares wherever it is sent: every one but those of a server that is overloaded or failing
 * at the moment (RFC 9110 §15.5.9, §15.6; RFC 6585 §4). 501 Not Implemented is as final as 404.
 */
export function isConclusive(status: number): boolean {
  return status < 500 ? status !== 408 && status !== 429 : status === 501;
}
