import type { AppModel } from '../model.ts';
import { words } from '../words/en.ts';
import { Button } from './button.tsx';
import { TroubleCard } from './trouble.tsx';

/** Why preparing this phone failed, and the way on where there is one. */
export function PrepareTrouble({ model }: { readonly model: AppModel }) {
  const code = model.prepareTrouble.value;
  if (code === undefined) return null;
  return (
    <TroubleCard code={code} waits={code === 'confirmation_needed'}>
      {code === 'sign_in_again' && (
        <Button icon="person" onClick={() => void model.askToSignIn('fresh')}>
          {words.signIn.again}
        </Button>
      )}
      {code === 'other_installation' && (
        <Button kind="danger" busy={model.preparing.value} onClick={() => void model.startAfresh()}>
          {words.ready.afresh}
        </Button>
      )}
    </TroubleCard>
  );
}
