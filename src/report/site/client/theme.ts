const KEY = 'ptb-theme';

/** Pages opened from disk may have no storage. */
function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function store(theme: string): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // It holds for this page then.
  }
}

/** A button between light and dark; what the system asks for until it is pressed. */
export function makeTheme(): void {
  const {documentElement: root} = document;
  const asked = stored();
  if (asked === 'light' || asked === 'dark') root.dataset.theme = asked;
  const button = document.querySelector<HTMLButtonElement>('button.theme');
  if (!button) return;
  button.hidden = false;
  button.addEventListener('click', () => {
    const now = root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
    const next = now === 'dark' ? 'light' : 'dark';
    root.dataset.theme = next;
    store(next);
  });
}
