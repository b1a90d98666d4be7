import { expect, test } from 'vitest';
import { RECORD_STATES } from '../../core/record-state.ts';
import { canUndo } from '../../src/ui/use-undo.ts';

const registration = { typ: 'registration+jws', state: 'bound', code: null } as const;

test('a registration can be taken back until its certificate is written or it was decided against', () => {
  const open = RECORD_STATES.filter((state) => canUndo({ ...registration, state }));
  expect(open).toEqual(['saved', 'sending', 'received', 'bound', 'held']);
});

test('a move can be taken back; a renewal, a further visit, a confirmation and a void cannot', () => {
  expect(canUndo({ ...registration, code: 'moved' })).toBe(true);
  expect(canUndo({ ...registration, code: 'renewed' })).toBe(false);
  expect(canUndo({ ...registration, code: 'same_install' })).toBe(false);
  for (const typ of ['confirmation+jws', 'void+jws'] as const)
    expect(canUndo({ ...registration, typ })).toBe(false);
});
