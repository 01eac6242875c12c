import type { RecordedResponse } from './fixture.js';
import { parsed, type RecordedBody } from './recorded-body.js';
import { shapeDrift } from './shape.js';

/**
 * Whether a response is still of the recorded kind: its status, its media type and, where it is JSON, its shape. What values it has does not
 * matter, as they are another each time.
 * @returns what is not
 */
export function responseDrift(recorded: RecordedResponse, actual: RecordedResponse): readonly string[] {
  if (recorded.status !== actual.status) return [`status: recorded ${recorded.status}, now ${actual.status}`];
  const before = mediaType(recorded);
  const now = mediaType(actual);
  if (before !== now) return [`content-type: recorded ${before}, now ${now}`];
  const json = jsonOf(recorded.body);
  if (json === undefined) {
    const kinds = [recorded.body, actual.body].map((body) => (body ? 'a body' : 'none'));
    return kinds[0] === kinds[1] ? [] : [`body: recorded ${kinds[0]}, now ${kinds[1]}`];
  }
  const value = jsonOf(actual.body);
  if (value === undefined) return [`body: recorded JSON, now ${actual.body ? 'no JSON' : 'none'}`];
  return shapeDrift(json, value);
}

const mediaType = ({ headers }: RecordedResponse): string =>
  String(headers['content-type'] ?? 'none')
    .split(';')[0]!
    .trim()
    .toLowerCase();

function jsonOf(body: RecordedBody | undefined): unknown {
  if (!body) return undefined;
  if ('json' in body) return body.json;
  return 'text' in body ? parsed(body.text) : undefined;
}
