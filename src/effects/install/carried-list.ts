import { type CarriedList, listInside } from '../../../core/list-lookup.ts';
import type { StoredPack } from '../../ports/work.ts';

/** The list that goes with a pack: beside it, or inside one that came before lists had a way of their own. */
export function carriedList({ pack, list }: StoredPack): CarriedList {
  return list ?? listInside(pack);
}
