// What is secret, for logs of your own
export { isSecretHeader, isSecretParam, redactionRules, type RedactionRules, type RedactOptions } from './rules.js';
export { redactHeaders } from './headers.js';
export { redactUrl } from './url.js';
