import type { QueuedRecord } from '../../ports/outbox.ts';
import { useModel } from '../model-context.ts';
import { go } from '../route.ts';
import { atWords } from '../words/at.ts';
import { recordWords } from '../words/record.ts';
import { Button } from './button.tsx';

/** Nothing but its record shows it: a site's name names no device. */
export function isStuckSite({ typ, state, read }: QueuedRecord): boolean {
  return typ === 'site+jws' && (state === 'refused' || state === 'rejected') && read !== true;
}

/** A site's name that was not taken: where somebody gave it another one, both are shown and a person says which is right. */
export function SiteName(props: {
  readonly record: QueuedRecord;
  readonly run: (act: Promise<unknown>) => Promise<unknown>;
}) {
  const { record, run } = props;
  const model = useModel();
  const { org, domain, title, code, detail, place } = record;
  const read = () => model.ports.devices.read(org, record.udid, record.id).then(() => go('/'));
  const id = place?.site;
  // The backend's own word is the name that it has, or the site's id where it has no such site.
  const theirs = code === 'site_conflict' && detail !== null && detail !== id ? detail : undefined;
  if (id === undefined || theirs === undefined)
    return <Button onClick={() => void run(read())}>{recordWords.read}</Button>;
  const insist = async () => {
    await model.ports.renameSite(org, domain, { id, title: theirs }, title);
    await read();
  };
  return (
    <section class="card stack-s" data-part="site-name">
      <h2>{recordWords.twoNames}</h2>
      <p>
        {atWords.conflict.theirs}: <bdi data-name="theirs">{theirs}</bdi>
      </p>
      <p>
        {atWords.conflict.mine}: <bdi data-name="mine">{title}</bdi>
      </p>
      <div class="two">
        <Button onClick={() => void run(read())}>{atWords.conflict.keep}</Button>
        <Button onClick={() => void run(insist())}>{atWords.conflict.insist}</Button>
      </div>
    </section>
  );
}
