/** Does something to what belongs to a caller, where nobody is left to tell that it throws. */
export function quietly(action: () => unknown): void {
  try {
    action();
  } catch {
    // its owner's fault, and its owner's loss
  }
}
