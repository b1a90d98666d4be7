import { useState } from 'preact/hooks';
import type { LabelSecret } from '../../ports/device.ts';
import { words } from '../words/en.ts';
import { fieldWords } from '../words/field.ts';
import { Button } from './button.tsx';
import { FieldTroubleCard } from './field-trouble.tsx';

/** A device's trouble, with the next action beside it where this page can do it: secret, new key, reload. */
export function DeviceTrouble(props: {
  readonly code: string;
  readonly onSecret?: ((secret: LabelSecret) => void) | undefined;
  readonly onNewKey?: (() => void) | undefined;
}) {
  const { code, onSecret, onNewKey } = props;
  return (
    <FieldTroubleCard code={code}>
      {onSecret !== undefined && (code === 'presence_missing' || code === 'presence_wrong') && (
        <SecretField onSecret={onSecret} />
      )}
      {onNewKey !== undefined && code === 'key_exists' && (
        <Button kind="danger" onClick={onNewKey}>
          {fieldWords.pair.newKey}
        </Button>
      )}
      {code === 'link_stuck' && (
        <Button icon="sync" onClick={() => location.reload()}>
          {words.nav.reload}
        </Button>
      )}
    </FieldTroubleCard>
  );
}

/** The label's secret by hand. It goes to the device at hand and is neither stored nor sent anywhere else. */
function SecretField({ onSecret }: { readonly onSecret: (secret: LabelSecret) => void }) {
  const [text, setText] = useState('');
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        onSecret({ secret: text.trim() });
        setText('');
      }}
    >
      <div class="field">
        <label for="label-secret">{fieldWords.pair.secret}</label>
        <input
          id="label-secret"
          class="input mono"
          dir="ltr"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          maxLength={128}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          aria-describedby="label-secret-help"
        />
        <p id="label-secret-help" class="small">
          {fieldWords.pair.secretHelp}
        </p>
      </div>
      <button type="submit" class="button" disabled={text.trim() === ''}>
        {fieldWords.pair.secretUse}
      </button>
    </form>
  );
}
