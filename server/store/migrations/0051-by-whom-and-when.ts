/**
 * Who brought a photo, and when its last part came: room is counted by person, and an upload that stopped gives its room back.
 * When a session began and was last used: it ends when nobody uses it.
 */
export const BY_WHOM_AND_WHEN = [
  'alter table photos add column operator text',
  'alter table photos add column touched_at text',
  // Holds all that a sum of the room needs.
  'create index photos_room on photos (org, operator, have)',
  'alter table sessions add column begun_at text',
  'alter table sessions add column seen_at text',
  'create index sessions_operator on sessions (operator)',
] as const;
