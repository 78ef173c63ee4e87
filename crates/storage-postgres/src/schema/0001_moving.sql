-- What a queue pays that moves to another store: its changes are noted behind the export. The triggers look at nothing but
-- the row, so a queue that does not move pays nothing.

-- What has changed since it was exported, by its key.
CREATE TABLE zaqar.changes (
  queue int8 NOT NULL,
  -- 0 subscription, 1 message, 2 delivery, 3 attempt.
  kind int2 NOT NULL,
  subscription uuid NOT NULL,
  -- Of the message; of an attempt, its number.
  position int8 NOT NULL,
  -- The page that it was on, until the next one is asked for.
  page int8
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX changes_key ON zaqar.changes (queue, kind, subscription, position);

CREATE FUNCTION zaqar.refuse_moved() RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the queue lives in another store' USING ERRCODE = 'ZQ001';
END $$;

-- Notes a change of what was exported, unless a mover makes it. A seal waits for the lock to be released, and refuses who
-- asks for it later. Returns whether the queue is still exported.
CREATE FUNCTION zaqar.note_change(of_queue int8, of_kind int2, of_subscription uuid, at_position int8)
RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
  current_stage int2;
BEGIN
  IF current_setting('queue_mover.is_at_work', true) = 'yes' THEN
    RETURN true;
  END IF;
  SELECT stage INTO current_stage FROM zaqar.queues WHERE number = of_queue FOR KEY SHARE;
  IF current_stage > 2 THEN
    PERFORM zaqar.refuse_moved();
  ELSIF current_stage = 1 THEN
    INSERT INTO zaqar.changes (queue, kind, subscription, position)
    VALUES (of_queue, of_kind, of_subscription, at_position);
    RETURN true;
  END IF;
  RETURN false;
END $$;

-- The mark that an abandoned export has left goes with the first change.
CREATE FUNCTION zaqar.note_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT zaqar.note_change(OLD.queue, 1::int2, '00000000-0000-0000-0000-000000000000'::uuid, OLD.position)
    AND TG_OP = 'UPDATE' THEN
    UPDATE zaqar.messages SET exported = false WHERE queue = OLD.queue AND position = OLD.position;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER note_update AFTER UPDATE ON zaqar.messages
  FOR EACH ROW WHEN (OLD.exported AND NEW.exported) EXECUTE FUNCTION zaqar.note_message();
CREATE TRIGGER note_delete AFTER DELETE ON zaqar.messages
  FOR EACH ROW WHEN (OLD.exported) EXECUTE FUNCTION zaqar.note_message();

CREATE FUNCTION zaqar.note_subscription() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed record;
BEGIN
  IF TG_OP = 'DELETE' THEN changed := OLD; ELSE changed := NEW; END IF;
  IF NOT zaqar.note_change(changed.queue, 0::int2, changed.id, 0) AND TG_OP <> 'DELETE' THEN
    UPDATE zaqar.subscriptions SET exported = false WHERE queue = changed.queue AND id = changed.id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER note_insert AFTER INSERT ON zaqar.subscriptions
  FOR EACH ROW WHEN (NEW.exported) EXECUTE FUNCTION zaqar.note_subscription();
-- How far it has come is read when the queue is sealed: a lease that goes on then changes deliveries, too.
CREATE TRIGGER note_update AFTER UPDATE OF subscriber, ttl, renewed, options, confirmed, declined, notified,
    suspended_since, suspended_reason, paused_until, retries_paused_until ON zaqar.subscriptions
  FOR EACH ROW WHEN (OLD.exported AND NEW.exported) EXECUTE FUNCTION zaqar.note_subscription();
CREATE TRIGGER note_delete AFTER DELETE ON zaqar.subscriptions
  FOR EACH ROW WHEN (OLD.exported) EXECUTE FUNCTION zaqar.note_subscription();

CREATE FUNCTION zaqar.note_delivery() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed record;
BEGIN
  IF TG_OP = 'DELETE' THEN changed := OLD; ELSE changed := NEW; END IF;
  IF NOT zaqar.note_change(changed.queue, 2::int2, changed.subscription, changed.position) AND TG_OP <> 'DELETE' THEN
    UPDATE zaqar.deliveries SET exported = false
    WHERE queue = changed.queue AND subscription = changed.subscription AND position = changed.position;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER note_insert AFTER INSERT ON zaqar.deliveries
  FOR EACH ROW WHEN (NEW.exported) EXECUTE FUNCTION zaqar.note_delivery();
CREATE TRIGGER note_update AFTER UPDATE ON zaqar.deliveries
  FOR EACH ROW WHEN (OLD.exported AND NEW.exported) EXECUTE FUNCTION zaqar.note_delivery();
CREATE TRIGGER note_delete AFTER DELETE ON zaqar.deliveries
  FOR EACH ROW WHEN (OLD.exported) EXECUTE FUNCTION zaqar.note_delivery();

-- They are written once, and go by themselves.
CREATE FUNCTION zaqar.note_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM zaqar.note_change(NEW.queue, 3::int2, NEW.subscription, NEW.number);
  RETURN NULL;
END $$;
CREATE TRIGGER note_insert AFTER INSERT ON zaqar.attempts
  FOR EACH ROW WHEN (NEW.exported) EXECUTE FUNCTION zaqar.note_attempt();
