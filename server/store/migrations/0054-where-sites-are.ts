/** Where a site is, in degrees (WGS 84), as the office says: phones say when a person is far from it. Both or none. */
export const WHERE_SITES_ARE = [
  'alter table sites add column latitude double precision',
  'alter table sites add column longitude double precision',
] as const;
