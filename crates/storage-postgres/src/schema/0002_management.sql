-- Queues and topics with their metadata, pools, flavors and the catalogue. Names are compared and ordered bytewise. Documents
-- are bytea of JSON, as they were given: the order of their members is part of them.

CREATE TABLE zaqar.destinations (
  kind int2 NOT NULL,
  project text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  number int8 NOT NULL UNIQUE,
  revision int8 NOT NULL DEFAULT 0,
  metadata bytea NOT NULL,
  PRIMARY KEY (kind, project, name)
);

CREATE TABLE zaqar.pools (
  name text COLLATE "C" PRIMARY KEY,
  uri bytea NOT NULL,
  weight int8 NOT NULL,
  flavor text COLLATE "C",
  options bytea NOT NULL
);
-- A URI may be longer than what an index takes.
CREATE UNIQUE INDEX pools_uri ON zaqar.pools (sha256(uri));
CREATE INDEX pools_flavor ON zaqar.pools (flavor, name);

CREATE TABLE zaqar.flavors (
  name text COLLATE "C" PRIMARY KEY,
  project text COLLATE "C" NOT NULL,
  capabilities bytea NOT NULL
);

-- The pool of a queue; none where the queue has left its pool with this last position.
CREATE TABLE zaqar.assignments (
  queue int8 PRIMARY KEY,
  pool text COLLATE "C",
  left_at int8,
  CHECK ((pool IS NULL) <> (left_at IS NULL))
);
CREATE INDEX assignments_pool ON zaqar.assignments (pool, queue);

-- Queues on their way to another pool; none: to the virtual one.
CREATE TABLE zaqar.moves (
  number int8 PRIMARY KEY,
  kind int2 NOT NULL,
  project text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  pool text COLLATE "C",
  pools text[] NOT NULL,
  -- The latest attempt at it.
  attempt uuid,
  -- The server that carries it out, and until when.
  owner uuid,
  owned_until int8
);
