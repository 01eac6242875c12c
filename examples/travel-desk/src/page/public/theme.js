// Before anything is painted, so that the page does not flash in the other theme.
try {
  document.documentElement.dataset.theme = localStorage.getItem('theme') ?? 'system';
} catch {
  // Where nothing may be kept, the system's theme it is.
}
