/** Each is followed by the next. */
const THEMES = ['system', 'light', 'dark'];

/**
 * A button that goes from theme to theme. What is chosen is kept, and applied by `theme.js` when the page opens.
 * @param {HTMLElement} button
 */
export function themeButton(button) {
  const root = document.documentElement;
  const show = () => {
    button.textContent = `Theme: ${root.dataset.theme ?? 'system'}`;
  };
  show();
  button.addEventListener('click', () => {
    const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? 'system') + 1) % THEMES.length] ?? 'system';
    root.dataset.theme = next;
    show();
    try {
      localStorage.setItem('theme', next);
    } catch {
      // It is chosen for as long as the page is open.
    }
  });
}
