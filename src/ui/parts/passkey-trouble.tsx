import { problemWords } from '../words/problems.ts';
import { TroubleCard } from './trouble.tsx';

/** Why a passkey let nobody in. Browsers do not say that one was wrong, so neither does this. */
export function PasskeyTrouble({ code }: { readonly code: string }) {
  return <TroubleCard code={code} waits={code === 'passkey_not_used'} words={problemWords} />;
}
