import { afterEach } from 'vitest';
import { outboxSuite } from '../ports/outbox.suite.ts';
import { againSuite } from '../ports/outbox-again.suite.ts';
import { decisionsSuite } from '../ports/outbox-decisions.suite.ts';
import { takenSuite } from '../ports/outbox-taken.suite.ts';
import { dropDatabases, freshDatabase, openOutbox } from './databases.ts';

const make = async () => {
  const name = freshDatabase();
  return { open: () => openOutbox(name).outbox };
};

afterEach(dropDatabases);
outboxSuite(make);
decisionsSuite(make, 25);
takenSuite(make);
againSuite(make);
