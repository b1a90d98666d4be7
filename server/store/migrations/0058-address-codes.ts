/** When codes were asked for, by whom and to which address: kept apart from the proof, which is gone as soon as it is of no use. */
export const ADDRESS_CODES = [
  'create table address_codes (hash text primary key, operator text not null, address text not null, made_at text not null)',
  'create index address_codes_operator on address_codes (operator, made_at)',
  'create index address_codes_address on address_codes (address, made_at)',
  'create index address_codes_made on address_codes (made_at)',
] as const;
