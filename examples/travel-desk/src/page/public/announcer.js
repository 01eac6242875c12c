/** At most so often, so that who listens can follow. */
const EVERY_MS = 5_000;

/**
 * Tells who does not see the page what is going on: everything since the last time, in one message.
 * @param {Element} region
 */
export function announcer(region) {
  /** Text → how often. @type {Map<string, number>} */
  let news = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const tell = () => {
    timer = undefined;
    if (news.size === 0) return;
    region.textContent = [...news].map(([text, times]) => (times > 1 ? `${text}, ${times} times` : text)).join('. ');
    news = new Map();
    timer = setTimeout(tell, EVERY_MS);
  };

  return (/** @type {string} */ text) => {
    news.set(text, (news.get(text) ?? 0) + 1);
    timer ??= setTimeout(tell);
  };
}
