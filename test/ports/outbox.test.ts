import { MemoryOutbox, MemoryStorage } from '../support/memory-outbox.ts';
import { outboxSuite } from './outbox.suite.ts';
import { againSuite } from './outbox-again.suite.ts';
import { decisionsSuite } from './outbox-decisions.suite.ts';
import { takenSuite } from './outbox-taken.suite.ts';

const make = async () => {
  const storage = new MemoryStorage();
  return { open: () => new MemoryOutbox(storage) };
};

outboxSuite(make);
decisionsSuite(make, 200);
takenSuite(make);
againSuite(make);
