/** @import { DeskEvents } from '../../desk/desk.dto.js' */

/** @typedef {{ [Type in keyof DeskEvents]: (data: DeskEvents[Type]) => void }} DeskListener */

/** How long to wait before another stream is opened where the browser has given up. */
const AGAIN_MS = 2_000;

/**
 * Listens to the desk for as long as the page is open: after every loss it begins anew, with a snapshot.
 * @param {DeskListener} listener
 * @param {(isLive: boolean) => void} onState
 */
export function listenLive(listener, onState) {
  const source = new EventSource('/desk/events');
  for (const [type, listen] of Object.entries(listener)) {
    source.addEventListener(type, (/** @type {MessageEvent<string>} */ { data }) => {
      /** @type {(data: any) => void} */ (listen)(JSON.parse(data));
    });
  }
  source.addEventListener('open', () => onState(true));
  source.addEventListener('error', () => {
    onState(false);
    // The browser comes back by itself, but not after an answer that is no stream.
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => listenLive(listener, onState), AGAIN_MS);
  });
}
