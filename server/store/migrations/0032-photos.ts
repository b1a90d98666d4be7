/**
 * Photos as evidence, in the parts in which they arrived. They are in the database, so that every process and each
 * backup has them.
 */
export const PHOTOS = [
  'create table photos (org text not null, digest text not null, bytes integer not null, have integer not null, begun_at text not null, kept_at text, primary key (org, digest))',
  'create table photo_parts (org text not null, digest text not null, begins integer not null, data blob not null, primary key (org, digest, begins))',
] as const;
