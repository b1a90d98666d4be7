/** Our own line icons on a 24-unit grid: no font, no request, they follow the text's colour. */
const PATHS = {
  scan: 'M4 8V5a1 1 0 0 1 1-1h3M16 4h3a1 1 0 0 1 1 1v3M20 16v3a1 1 0 0 1-1 1h-3M8 20H5a1 1 0 0 1-1-1v-3M8 8h3v3H8zM13 8h3M16 11v2M8 14v2h2M13 13h1v3M16 16h.01',
  home: 'M4 11.5 12 5l8 6.5M6 10v9h12v-9M10 19v-5h4v5',
  outbox: 'M4 13h4l1.5 3h5L16 13h4M4 13l2.5-8h11L20 13v6H4zM12 4v6M9.5 7.5 12 10l2.5-2.5',
  desk: 'M4 6h16v10H4zM9 20h6M12 16v4M8 10h8M8 12.5h5',
  more: 'M4 7h16M4 12h16M4 17h10',
  back: 'M14.5 5.5 8 12l6.5 6.5',
  chevron: 'M9.5 5.5 16 12l-6.5 6.5',
  close: 'M6 6l12 12M18 6 6 18',
  check: 'M5 12.5l4.5 4.5L19 7',
  cross: 'M7 7l10 10M17 7 7 17',
  dash: 'M8 12h8',
  alert: 'M12 4 2.8 19.5h18.4zM12 10v4M12 17h.01',
  cable: 'M7 3v5M11 3v5M5 8h8v3a4 4 0 0 1-8 0zM9 15v2a4 4 0 0 0 8 0v-3M14 14h6v-3h-6z',
  bluetooth: 'M7 8l10 8-5 4V4l5 4L7 16',
  chip: 'M7 7h10v10H7zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4',
  photo: 'M4 8h3.5L9 6h6l1.5 2H20v11H4zM12 10.5a3 3 0 1 0 0 6 3 3 0 0 0 0-6z',
  keyboard: 'M3 7h18v10H3zM7 10.5h.01M11 10.5h.01M15 10.5h.01M8 14h8',
  torch: 'M9 3h6l-1 5h-4zM10 8h4v4l-1 2v6h-2v-6l-1-2z',
  phone: 'M7 3h10v18H7zM11 18h2',
  sync: 'M5 12a7 7 0 0 1 12-4.9L19 9M19 4v5h-5M19 12a7 7 0 0 1-12 4.9L5 15M5 20v-5h5',
  offline:
    'M4 4l16 16M3 9a14 14 0 0 1 4-2.5M21 9a14 14 0 0 0-9.5-3.5M6.5 13a9 9 0 0 1 4-2.2M17.5 13a9 9 0 0 0-1.7-1.3M12 18h.01',
  shield: 'M12 3l7 3v5c0 4.5-3 8-7 10-4-2-7-5.5-7-10V6z',
  certificate: 'M5 4h14v10H5zM8 8h8M8 11h5M13 14v6l2-1.5L17 20v-6',
  pin: 'M12 21c4-5 6-8 6-11a6 6 0 0 0-12 0c0 3 2 6 6 11zM12 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z',
  wifi: 'M3 9.5a13 13 0 0 1 18 0M6 13a8.6 8.6 0 0 1 12 0M9 16.4a4.2 4.2 0 0 1 6 0M12 19.5h.01',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 14.5v2',
  key: 'M9 8a4 4 0 1 0 0 8 4 4 0 0 0 4-4 4 4 0 0 0-4-4zM13 12h8v3M17 12v3',
  clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l3 2',
  hand: 'M8 12V6.5a1.5 1.5 0 0 1 3 0V11M11 10.5V5a1.5 1.5 0 0 1 3 0v6M14 11V6.5a1.5 1.5 0 0 1 3 0V14c0 4-2 7-5.5 7S6 18.5 5 15.5l-1-2.5a1.4 1.4 0 0 1 2.5-1.200L8 14',
  person: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM5 20c.5-4 3.5-6 7-6s6.5 2 7 6',
} as const;
export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 24, spin = false }: { name: IconName; size?: number; spin?: boolean }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.9"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      class={spin ? 'turning' : name === 'back' || name === 'chevron' ? 'flip' : undefined}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** Two links joined: the mark. */
export function Mark({ size = 32 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 48 48" aria-hidden="true">
      <rect width="48" height="48" rx="13" fill="var(--accent)" />
      <g fill="none" stroke="var(--on-accent)" stroke-width="4.6" stroke-linecap="round">
        <path d="M27 15h4a9 9 0 0 1 0 18h-4" />
        <path d="M21 33h-4a9 9 0 0 1 0-18h4" />
        <path d="M18.5 24h11" />
      </g>
    </svg>
  );
}
