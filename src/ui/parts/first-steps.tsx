import { useModel } from '../model-context.ts';
import { useCopy } from '../use-copy.ts';
import { firstStepsWords as words } from '../words/first-steps.ts';
import { Button, LinkButton } from './button.tsx';

/**
 * What an administrator does next while their organisation has no domain, in which nobody can bind anything. Nothing where it has
 * one, nor where this phone does not know yet.
 */
export function FirstSteps() {
  const model = useModel();
  const org = model.orgsWith('manage_people').find(({ training }) => !training);
  const packs = model.workPacks.value;
  const isKnown = packs.length > 0;
  const hasDomain = packs.some(({ pack }) => pack.domains.length > 0);
  if (org === undefined || !isKnown || hasDomain) return null;
  const { org: name, title } = org;
  return (
    <section class="card" data-section="first-steps">
      <h2>{words.title(title)}</h2>
      <p>{words.intro}</p>
      <h3>{words.domain}</h3>
      <p class="quiet small">{words.domainNote}</p>
      <Command
        of={words.domain}
        text={`npm run fieldbind -- domain create mill-lane.${name}.fieldbind.internal --org ${name} --title "Mill Lane 4"`}
      />
      <h3>{words.list}</h3>
      <p class="quiet small">{words.listNote}</p>
      <Command
        of={words.list}
        text={`npm run fieldbind -- list import list.csv --org ${name} --maker acme`}
      />
      <h3>{words.people}</h3>
      <p class="quiet small">{words.peopleNote}</p>
      <LinkButton href={`/invite?org=${name}`} icon="person">
        {words.invite}
      </LinkButton>
      <p class="quiet small">{words.lookNote}</p>
      <Button icon="sync" busy={model.preparing.value} onClick={() => void model.prepare()}>
        {words.look}
      </Button>
    </section>
  );
}

function Command({ text, of }: { readonly text: string; readonly of: string }) {
  const [isCopied, copy] = useCopy(text);
  return (
    <div class="stack-s">
      <p class="command">
        <code class="mono">{text}</code>
      </p>
      <Button icon="certificate" of={of} onClick={() => void copy()}>
        {words.copy}
      </Button>
      <p role="status" class="quiet">
        {isCopied ? words.copied : ''}
      </p>
    </div>
  );
}
