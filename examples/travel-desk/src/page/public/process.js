/** @import { DeskSnapshot } from '../../desk/desk.dto.js' */
import { byId } from './dom.js';
import { drainFields, processFields } from './fields/process-fields.js';
import { patch } from './patch.js';
import { post, showingErrors } from './post.js';

const WORDS = {
  open: '',
  draining: 'is draining: calls under way are finished',
  closing: 'has drained; its streams end',
};

/**
 * The process: its phases, and the button that ends it.
 * @param {(text: string) => void} tell of what becomes of it
 */
export function processPanel(tell) {
  const button = /** @type {HTMLButtonElement} */ (byId('drain-open'));
  const dialog = /** @type {HTMLDialogElement} */ (byId('drain-dialog'));
  /** @type {DeskSnapshot['drain'] | undefined} */
  let last;
  let isEnded = false;

  const show = () => {
    if (!last) return;
    const fields = drainFields(last, isEnded);
    patch(byId('drain'), fields);
    button.disabled = !fields.isOpen;
  };

  button.addEventListener('click', () => {
    dialog.returnValue = '';
    dialog.showModal();
  });
  dialog.addEventListener('close', () => {
    if (dialog.returnValue === 'drain') void showingErrors(byId('drain-error'), () => post('/desk/drain'));
  });

  return {
    process: (/** @type {DeskSnapshot['process']} */ process) => patch(byId('process'), processFields(process)),
    drain: (/** @type {DeskSnapshot['drain']} */ drain) => {
      if (drain.phase !== (last?.phase ?? 'open')) tell(WORDS[drain.phase]);
      last = drain;
      isEnded = false;
      show();
    },
    /** The stream has broken off. Where that was announced, the process is gone; else it may be the network. */
    lost: () => {
      if (last?.phase !== 'closing' || isEnded) return;
      isEnded = true;
      tell('has ended; start it again with npm start');
      show();
    },
  };
}
