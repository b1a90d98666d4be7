/** The cases that were open over an offer's binding when the offer was made, as far as an offer without a case shows. */
const OPEN_THEN =
  'from transfer_cases c where c.binding = g.binding and c.opened_at <= g.at and not exists (select 1 from transfer_verdicts v where v.id = c.id)';

/**
 * An offer to give a device up names the case in which it was made. An earlier offer that met a single case was for
 * that case; one that met several does not say which, and must be made again. Practice claims on devices that are
 * bound for real leave nothing to decide.
 */
export const OFFERS_OF_CASES = [
  "delete from transfer_cases where claimant in (select name from orgs where training = 1) and binding in (select id from bindings where scope = 'real') and id not in (select id from transfer_verdicts)",
  'create table give_ups_of (binding text not null, transfer text not null, by_whom text not null, because text not null, at text not null, primary key (binding, transfer))',
  `insert into give_ups_of (binding, transfer, by_whom, because, at) select g.binding, coalesce((select min(c.id) ${OPEN_THEN}), ''), g.by_whom, g.because, g.at from give_ups g where (select count(*) ${OPEN_THEN}) < 2`,
  'drop table give_ups',
  'alter table give_ups_of rename to give_ups',
] as const;
