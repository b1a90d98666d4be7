import { tortureOurs } from './loss-ours.ts';
import { torturePouchdb, tortureWorkbox } from './loss-peers.ts';
import { openLossStage } from './loss-stage.ts';
import type { Report } from './report.ts';

/**
 * `loss`: everything the field does to a phone, at random moments, to ours and to what others would use. `--trials N`
 * kills at least, `--records N` records at least. Lost is what the phone called saved and the server never got.
 */
export async function benchLoss(words: readonly string[]): Promise<Report> {
  const trials = wordAfter(words, '--trials') ?? 60;
  const records = wordAfter(words, '--records') ?? 1_000;
  const peers = Math.min(trials, 30);
  const stage = await openLossStage();
  try {
    const ours = await tortureOurs(stage, { trials, records });
    const workbox = await tortureWorkbox(stage, { trials: peers });
    const pouchdb = await torturePouchdb({ trials: peers });
    return {
      name: 'loss',
      ratios: {},
      figures: {
        records: ours.records,
        lost: ours.lost,
        databases_lost_by_the_browser: ours.databasesLost,
        lost_before_their_copy: ours.lostUncopied,
        doubled: ours.doubled,
        trials: ours.trials,
        resends: ours.resends,
        peer_trials: peers,
        workbox_lost: workbox,
        pouchdb_lost: pouchdb,
      },
    };
  } finally {
    await stage.close();
  }
}

function wordAfter(words: readonly string[], name: string): number | undefined {
  const at = words.indexOf(name);
  return at < 0 ? undefined : Number(words[at + 1]);
}
