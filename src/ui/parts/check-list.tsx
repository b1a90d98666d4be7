import type { Check } from '../../../core/evidence.ts';
import { fieldWords } from '../words/field.ts';
import { fieldTroubleWords } from '../words/field-trouble.ts';
import { Icon } from './icon.tsx';

/** Step 4's answers: passed, failed, or not checkable here, each with its reason; colour is never the only sign. */
export function CheckList({ checks }: { readonly checks: readonly Check[] }) {
  return (
    <ul class="checks">
      {checks.map((check) => (
        <li class="check" key={check.check} data-check={check.check} data-result={check.result}>
          <Sign result={check.result} />
          <div>
            <p>
              <strong>{fieldWords.check.names[check.check]}</strong>
            </p>
            {check.result === 'failed' && (
              <p>
                {fieldTroubleWords(check.code).what} {fieldTroubleWords(check.code).next}
              </p>
            )}
            {check.result === 'not_checkable' && (
              <p class="quiet small">
                {fieldWords.check.notCheckable}: {fieldTroubleWords(check.code).what}{' '}
                {fieldTroubleWords(check.code).next}
              </p>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}

function Sign({ result }: { readonly result: Check['result'] }) {
  switch (result) {
    case 'passed':
      return (
        <span class="mark" data-tone="good" role="img" aria-label={fieldWords.check.passed}>
          <Icon name="check" size={18} />
        </span>
      );
    case 'failed':
      return (
        <span class="mark" data-tone="bad" role="img" aria-label={fieldWords.check.failed}>
          <Icon name="cross" size={18} />
        </span>
      );
    case 'not_checkable':
      return (
        <span class="mark" data-tone="none" role="img" aria-label={fieldWords.check.notCheckable}>
          <Icon name="dash" size={18} />
        </span>
      );
  }
}
