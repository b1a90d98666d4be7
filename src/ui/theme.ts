import { effect, signal } from '@preact/signals';

export const THEMES = ['auto', 'light', 'dark', 'sun'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'theme';

function stored(): Theme {
  const found = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === found) ?? 'auto';
}

/** A matter of this browser alone, so it stays out of the database. */
export const theme = signal<Theme>(stored());

/** Keeps the document and the stored choice in step with the signal. */
export function applyTheme(): void {
  effect(() => {
    const chosen = theme.value;
    if (chosen === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
    localStorage.setItem(KEY, chosen);
  });
}
