import { useState } from 'preact/hooks';
import { parseLabel } from '../../../core/label/parse-label.ts';
import { codeOf } from '../../effects/trouble.ts';
import type { LabelSecret } from '../../ports/device.ts';
import { useModel } from '../model-context.ts';
import { bindWords } from '../words/bind.ts';
import { words } from '../words/en.ts';
import { fieldWords } from '../words/field.ts';
import { fieldTroubleWords } from '../words/field-trouble.ts';
import { Button } from './button.tsx';
import { FieldTroubleCard } from './field-trouble.tsx';
import { Icon } from './icon.tsx';

/** Label and device do not belong together: the other device, or the other label. */
const NOT_ITS_LABEL: ReadonlySet<string> = new Set(['identity_mismatch', 'label_not_tied', 'another_device']);

/** A device's trouble, with the next action beside it where this page can do it: secret, new key, reload. */
export function DeviceTrouble(props: {
  readonly code: string;
  readonly onSecret?: ((secret: LabelSecret) => void) | undefined;
  readonly onNewKey?: (() => void) | undefined;
  readonly onSecTag?: ((secTag: number) => void) | undefined;
  /** Back to the label: this device is not its own. */
  readonly onRescan?: (() => void) | undefined;
}) {
  const { code, onSecret, onNewKey, onSecTag, onRescan } = props;
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
      {onSecTag !== undefined && code === 'sec_tag_unknown' && <SecTagField onSecTag={onSecTag} />}
      {onRescan !== undefined && NOT_ITS_LABEL.has(code) && (
        <Button icon="scan" onClick={onRescan}>
          {bindWords.check.scan}
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

/** The label's secret, by hand or from a photo of the label. It goes to the device at hand and is neither stored nor sent anywhere else. */
function SecretField({ onSecret }: { readonly onSecret: (secret: LabelSecret) => void }) {
  const model = useModel();
  const [text, setText] = useState('');
  const [fault, setFault] = useState<string | undefined>(undefined);
  const readPhoto = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    input.value = ''; // the same file may be chosen again
    if (file === undefined) return;
    try {
      const read = parseLabel((await (await model.ports.labels()).readPhoto(file)).text);
      const secret = read.ok ? read.label.secret : undefined;
      if (secret === undefined) setFault(read.ok ? 'presence_missing' : read.code);
      else if (read.ok)
        onSecret({ secret, ...(read.label.username === undefined ? {} : { username: read.label.username }) });
    } catch (error) {
      setFault(codeOf(error));
    }
  };
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
      <label class="button">
        <Icon name="photo" />
        <span>{fieldWords.scan.photo}</span>
        <input
          class="visually-hidden"
          type="file"
          accept="image/*"
          capture="environment"
          onChange={(event) => void readPhoto(event.currentTarget)}
        />
      </label>
      {fault !== undefined && <p class="small">{fieldTroubleWords(fault).what}</p>}
    </form>
  );
}

/** Zephyr's security tag of the certificate: up to ten digits, told by whoever made the firmware. */
function SecTagField({ onSecTag }: { readonly onSecTag: (secTag: number) => void }) {
  const [text, setText] = useState('');
  const tag = /^\d{1,10}$/.test(text.trim()) ? Number(text) : undefined;
  const valid = tag !== undefined && tag <= 0xffff_ffff;
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (valid) onSecTag(tag);
      }}
    >
      <div class="field">
        <label for="sec-tag">{fieldWords.pair.secTag}</label>
        <input
          id="sec-tag"
          class="input mono"
          inputMode="numeric"
          autocomplete="off"
          maxLength={10}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </div>
      <button type="submit" class="button" disabled={!valid}>
        {fieldWords.pair.secTagUse}
      </button>
    </form>
  );
}
