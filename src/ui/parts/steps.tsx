import { fieldWords } from '../words/field.ts';

const ORDER = ['scan', 'pair', 'check', 'place'] as const;
export type StepName = (typeof ORDER)[number];

export function Steps({ at }: { readonly at: StepName }) {
  const here = ORDER.indexOf(at);
  return (
    <div class="steps-holder">
      <ol class="steps">
        {ORDER.map((step, i) => (
          <li
            key={step}
            data-done={i < here ? 'yes' : undefined}
            aria-current={i === here ? 'step' : undefined}
          >
            {fieldWords.steps[step]}
          </li>
        ))}
      </ol>
    </div>
  );
}
