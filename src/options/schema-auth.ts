import * as v from 'valibot';
import { isFieldValue } from '../base/http-rules.js';
import { flag, group, headerName, httpUrl, milliseconds, text } from './schema-parts.js';

const credential = v.union([v.string(), v.function()], 'a string or a function');
const inHeader = 'a function, or a string of characters that a header can have';
const credentialInHeader = v.union([v.pipe(v.string(), v.check(isFieldValue)), v.function()], inHeader);
const aString = v.optional(text);

/** Of `auth`: the kinds are checked one by one; how many there are, in `combinations.ts`. */
export const auth = v.optional(
  group({
    oauth2: v.optional(
      group({
        tokenUrl: httpUrl,
        clientId: credential,
        clientSecret: credential,
        scope: aString,
        audience: aString,
        resource: v.optional(v.union([text, v.array(text)], 'a string or an array of them')),
        params: v.optional(v.record(v.string(), text, 'an object of names and strings')),
        method: v.optional(
          v.picklist(['client_secret_basic', 'client_secret_post'], "'client_secret_basic' or 'client_secret_post'"),
        ),
        timeoutMs: v.optional(milliseconds),
        shared: v.optional(flag),
      }),
    ),
    bearer: v.optional(credentialInHeader),
    basic: v.optional(group({ username: credential, password: credential })),
    apiKey: v.optional(group({ header: headerName('the name of a header'), value: credentialInHeader })),
    sign: v.optional(v.function('a function')),
    sameForAll: v.optional(flag),
  }),
);
