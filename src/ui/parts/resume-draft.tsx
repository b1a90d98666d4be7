import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { INSTALL_DRAFT } from '../../ports/drafts.ts';
import { useModel } from '../model-context.ts';

/** Devices that somebody stopped at. What shows them comes only where there is one: the first screen is to be small. */
export function ResumeDraft() {
  const { drafts } = useModel().ports;
  const [Offers, setOffers] = useState<{ readonly part: ComponentType } | undefined>();
  useEffect(() => {
    void drafts
      .load(INSTALL_DRAFT)
      .then(async (kept) => {
        if (kept !== undefined) setOffers({ part: (await import('./draft-offers.tsx')).DraftOffers });
      })
      // A convenience: without it the first screen still begins with the next device.
      .catch(() => undefined);
  }, [drafts]);
  return Offers === undefined ? null : <Offers.part />;
}
