-- Messages, claims, subscriptions and what is owed to them. Times are milliseconds since 1970; the numbers of queues have
-- their highest bit turned over, so that their order is that of unsigned numbers. What clients wrote is bytea: a text
-- of PostgreSQL holds no NUL.

-- Positions of all queues: (base of the queue + one of these) << 16 | place in the post. Nothing is updated by a post.
CREATE SEQUENCE zaqar.posts;
-- The last value of one that was never asked is the next one, and was not given out.
SELECT nextval('zaqar.posts');
-- The numbers of attempts, and the turns in which subscriptions are leased from.
CREATE SEQUENCE zaqar.attempt_numbers;
CREATE SEQUENCE zaqar.turns;

-- A queue or topic that something was put into. A post locks the row and leaves it as it is.
CREATE TABLE zaqar.queues (
  number int8 PRIMARY KEY,
  kind int2 NOT NULL,
  project text NOT NULL,
  name text NOT NULL,
  base int8 NOT NULL DEFAULT 0,
  -- The last position of which `batches` knows no more.
  floor int8 NOT NULL DEFAULT 0,
  -- All positions up to here were purged.
  purged int8 NOT NULL DEFAULT 0,
  -- No message that was never claimed or delayed stands at or before this position.
  head int8 NOT NULL DEFAULT 0,
  -- No claim or delay that has not been looked at has ended before.
  waiting_since int8 NOT NULL DEFAULT 0,
  -- Subscriptions may be owed what is posted.
  subscribed bool NOT NULL DEFAULT false,
  -- 0 in use, 1 in use and exported, 2 dropped; it lives elsewhere: 3 sealed, 4 left, 5 arriving, 6 arrived and not yet open.
  stage int2 NOT NULL DEFAULT 0,
  -- The latest mover that was heard of.
  mover uuid,
  -- When it was dropped, or has left.
  dropped int8
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX queues_dropped ON zaqar.queues (number) WHERE dropped IS NOT NULL;
CREATE INDEX queues_elsewhere ON zaqar.queues (number) WHERE stage > 2;

CREATE TABLE zaqar.messages (
  queue int8 NOT NULL,
  position int8 NOT NULL,
  -- The second half of the id; the first is the position.
  nonce int8 NOT NULL,
  created int8 NOT NULL,
  expires int8 NOT NULL,
  delayed_until int8 NOT NULL,
  -- When the claim or the delay ends.
  visible_at int8 NOT NULL,
  ttl int8 NOT NULL,
  claim_count int8 NOT NULL DEFAULT 0,
  -- The count when an ended claim was last looked at.
  seen_count int8 NOT NULL DEFAULT 0,
  claim_renewed int8,
  claim_ttl int8,
  claim uuid,
  -- The id, where it is of another queue.
  foreign_id uuid,
  -- 0 ready, 1 returned, 2 waiting (claimed or delayed), 3 dead letter, 4 retained for subscribers.
  state int2 NOT NULL,
  -- It was posted, or has arrived, while there were subscriptions.
  owed bool NOT NULL DEFAULT false,
  -- It has returned to its queue: it is owed to nobody.
  returned bool NOT NULL DEFAULT false,
  -- It stays for subscribers when it leaves the queue: it is owed, or was owed once more.
  kept bool NOT NULL DEFAULT false,
  letter bool NOT NULL DEFAULT false,
  -- From now on, changes are noted for a mover, as in the other tables with this column.
  exported bool NOT NULL DEFAULT false,
  client bytea NOT NULL,
  checksum bytea,
  body bytea NOT NULL,
  PRIMARY KEY (queue, position)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_vacuum_insert_scale_factor = 0.2, autovacuum_analyze_scale_factor = 0.1);
CREATE INDEX messages_ready ON zaqar.messages (queue, position) WHERE state = 0;
CREATE INDEX messages_returned ON zaqar.messages (queue, position) WHERE state = 1;
CREATE INDEX messages_waiting ON zaqar.messages (queue, visible_at) WHERE state = 2;
CREATE INDEX messages_dead ON zaqar.messages (queue, position) WHERE state = 3;
CREATE INDEX messages_retained ON zaqar.messages (queue, position) WHERE state = 4;
CREATE INDEX messages_ended ON zaqar.messages (queue, position) WHERE state = 1 AND claim_count > seen_count;
CREATE INDEX messages_owed ON zaqar.messages (queue, expires) WHERE owed;
CREATE INDEX messages_claim ON zaqar.messages (queue, claim) WHERE claim IS NOT NULL;
CREATE INDEX messages_expires ON zaqar.messages (expires) WHERE state < 4;
CREATE UNIQUE INDEX messages_foreign ON zaqar.messages (queue, foreign_id) WHERE foreign_id IS NOT NULL AND state < 3;
CREATE INDEX messages_foreign_gone ON zaqar.messages (queue, foreign_id) WHERE foreign_id IS NOT NULL AND state >= 3;

-- By these a post that is made again is recognised.
CREATE TABLE zaqar.batches (
  batch uuid NOT NULL,
  queue int8 NOT NULL,
  first int8 NOT NULL,
  last int8 NOT NULL,
  at int8 NOT NULL,
  -- The ids of its messages, where they do not follow from their positions.
  ids uuid[],
  PRIMARY KEY (batch, queue)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX batches_last ON zaqar.batches (queue, last);
CREATE INDEX batches_at ON zaqar.batches (at);

CREATE TABLE zaqar.subscriptions (
  queue int8 NOT NULL,
  id uuid NOT NULL,
  subscriber bytea NOT NULL,
  ttl int8 NOT NULL,
  renewed int8 NOT NULL,
  ends int8 NOT NULL,
  options bytea NOT NULL,
  respects_delay bool NOT NULL,
  confirmed bool NOT NULL,
  declined bool NOT NULL,
  notified bool NOT NULL,
  suspended_since int8,
  suspended_reason bytea,
  -- What stands up to here was taken up, and is done but for what `deliveries` says.
  reached int8 NOT NULL,
  paused_until int8 NOT NULL DEFAULT 0,
  retries_paused_until int8 NOT NULL DEFAULT 0,
  -- Nothing is due before; below zero where that is to be looked at, NULL where nothing is owed.
  next_at int8,
  turn int8 NOT NULL DEFAULT 0,
  exported bool NOT NULL DEFAULT false,
  PRIMARY KEY (queue, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE UNIQUE INDEX subscriptions_subscriber ON zaqar.subscriptions (queue, sha256(subscriber));
CREATE INDEX subscriptions_next ON zaqar.subscriptions (next_at) WHERE notified AND next_at IS NOT NULL;
CREATE INDEX subscriptions_ends ON zaqar.subscriptions (ends);

-- Queues to whose subscriptions something was posted since somebody looked.
CREATE TABLE zaqar.owing (queue int8 PRIMARY KEY)
  WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- What was taken up and is not done.
CREATE TABLE zaqar.deliveries (
  queue int8 NOT NULL,
  subscription uuid NOT NULL,
  position int8 NOT NULL,
  -- 0 open, 1 leased, 2 failed, 3 done before the cursor has come there.
  state int2 NOT NULL,
  -- Its message had expired when it was said when it is due.
  late bool NOT NULL DEFAULT false,
  -- When it is to be tried; while it is leased, when the lease ends; when it failed.
  due_at int8 NOT NULL,
  -- Of the message.
  expires int8 NOT NULL,
  attempts int8 NOT NULL DEFAULT 0,
  leased_at int8,
  lease uuid,
  exported bool NOT NULL DEFAULT false,
  reason bytea,
  PRIMARY KEY (queue, subscription, position)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX deliveries_position ON zaqar.deliveries (queue, position);
CREATE INDEX deliveries_expires ON zaqar.deliveries (expires);

CREATE TABLE zaqar.attempts (
  queue int8 NOT NULL,
  subscription uuid NOT NULL,
  number int8 NOT NULL,
  message uuid NOT NULL,
  confirmation int2,
  at int8 NOT NULL,
  status int4,
  latency int8 NOT NULL,
  excerpt bytea NOT NULL,
  address bytea,
  -- 0 delivered, 1 to be tried again at `retry_at`, 2 exhausted, 3 unknown.
  ending int2 NOT NULL,
  retry_at int8,
  exported bool NOT NULL DEFAULT false,
  PRIMARY KEY (queue, subscription, number)
);
CREATE INDEX attempts_at ON zaqar.attempts (at);
