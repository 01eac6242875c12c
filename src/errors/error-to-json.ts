/** An error for JSON.stringify: what is enumerable, name, message and stack. */
export function errorToJson(error: Error): Record<string, unknown> {
  const { name, message, stack } = error;
  return { ...Object.fromEntries(Object.entries(error)), name, message, stack };
}
