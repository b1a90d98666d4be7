import { expect, it } from 'vitest';
import { ENTITLEMENTS, type Entitlement } from '../../contract/entitlements.ts';
import { rightWords } from '../../src/ui/words/rights.ts';

it('says of each right that is four eyes’ matter what one does not do alone, and of no other', () => {
  const rows = Object.values<Entitlement>(ENTITLEMENTS).filter(({ records }) => records === 'others');
  const wanted = new Set(rows.map(({ right }) => right));
  expect(Object.keys(rightWords.othersOnly).sort()).toEqual([...wanted].sort());
});
