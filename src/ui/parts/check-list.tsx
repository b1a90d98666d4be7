import type { Check } from '../../../core/evidence.ts';
import { bindWords } from '../words/bind.ts';
import { fieldWords } from '../words/field.ts';
import { fieldTroubleWords } from '../words/field-trouble.ts';
import { Icon } from './icon.tsx';

/**
 * Step 4's answers. What failed stands open and alone, with its reason and what helps; what passed and what could not be checked
 * here are folded to their number. Colour is never the only sign.
 */
export function CheckList({ checks }: { readonly checks: readonly Check[] }) {
  const of = (result: Check['result']) => checks.filter((check) => check.result === result);
  const [failed, passed, open] = [of('failed'), of('passed'), of('not_checkable')];
  return (
    <>
      {failed.length > 0 && (
        <section class="card" data-tone="bad" role="alert">
          <Rows checks={failed} />
        </section>
      )}
      <section class="card checks-folded">
        {passed.length > 0 && (
          <details class="folded">
            <summary>
              <Sign result="passed" /> {bindWords.check.passed(passed.length)}
            </summary>
            <Rows checks={passed} />
          </details>
        )}
        {open.length > 0 && (
          <details class="folded">
            <summary>
              <Sign result="not_checkable" /> {bindWords.check.open(open.length)}
            </summary>
            <p class="quiet small">{fieldWords.check.goodNote}</p>
            <Rows checks={open} />
          </details>
        )}
      </section>
    </>
  );
}

function Rows({ checks }: { readonly checks: readonly Check[] }) {
  return (
    <ul class="checks">
      {checks.map((check) => (
        <li class="check" key={check.check} data-check={check.check} data-result={check.result}>
          <Sign result={check.result} />
          <div>
            <p>
              <strong>{fieldWords.check.names[check.check]}</strong>
            </p>
            {check.result !== 'passed' && (
              <p class={check.result === 'failed' ? undefined : 'quiet small'}>
                {fieldTroubleWords(check.code).what} {fieldTroubleWords(check.code).next}
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
