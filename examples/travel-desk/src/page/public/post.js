/**
 * Asks the desk to do something.
 * @param {string} path
 * @returns {Promise<Response>}
 * @throws {Error} for people, where it was not done
 */
export async function post(path) {
  const response = await fetch(path, { method: 'POST' }).catch(() => {
    throw new Error('The desk cannot be reached.');
  });
  if (!response.ok) throw new Error(await problemOf(response));
  return response;
}

/**
 * What an answer says is wrong.
 * @param {Response} response
 * @returns {Promise<string>}
 */
export async function problemOf(response) {
  /** @type {{ message?: unknown }} */
  const { message } = await response.json().catch(() => ({}));
  return typeof message === 'string' ? message : `The desk answered with status ${response.status}.`;
}

/**
 * Does something, and shows what is wrong where it fails.
 * @param {Element} place
 * @param {() => Promise<unknown>} action
 */
export async function showingErrors(place, action) {
  place.textContent = '';
  try {
    await action();
  } catch (error) {
    place.textContent = error instanceof Error ? error.message : String(error);
  }
}
