/** A list, a function, nothing, or the values of an object: axios takes all of them as transforms. */
export function transformsOf(transforms: unknown): readonly unknown[] {
  if (Array.isArray(transforms)) return transforms;
  if (transforms === null || transforms === undefined) return [];
  return typeof transforms === 'object' ? Object.values(transforms) : [transforms];
}
