/** Why nothing can be done now although the request is sound. Closed: each code has its sentence. */
export type NotNowCode = 'database_taken_away' | 'clock_not_believed';

const SENTENCES: Record<NotNowCode, string> = {
  database_taken_away:
    'the database was taken away or replaced while this server ran: it ends, since what it wrote now would be lost. Start it again with the database in its place',
  clock_not_believed:
    'the clock of this machine is not believed: nothing is signed or remembered until it is right again, or somebody confirms it with `npm run fieldbind -- clock confirm`',
};

/** Nothing was done, and the same may succeed later. The message is a sentence for whoever runs this installation. */
export class NotNow extends Error {
  override readonly name = 'NotNow';
  readonly code: NotNowCode;

  constructor(code: NotNowCode) {
    super(SENTENCES[code]);
    this.code = code;
  }
}
