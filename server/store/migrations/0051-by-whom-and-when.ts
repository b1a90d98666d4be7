/** Who brought a photo, and when its last part came: room is counted by person, and an upload that stopped gives its room back. */
export const BY_WHOM_AND_WHEN = [
  'alter table photos add column operator text',
  'alter table photos add column touched_at text',
  // Holds all that a sum of the room needs.
  'create index photos_room on photos (org, operator, have)',
] as const;
