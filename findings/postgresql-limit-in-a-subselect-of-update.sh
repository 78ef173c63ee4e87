#!/usr/bin/env bash
# PostgreSQL 16.2 (from pgserver 0.1.4), driven by psycopg 3.2.9.
#
# A well-known way to take some rows of a queue in SQL is
#   UPDATE … WHERE queue = 2 AND id IN (SELECT … LIMIT 10 FOR UPDATE SKIP LOCKED).
# Where the rows of the queue are newer than the statistics, the planner expects one row, joins by a nested loop, and runs
# the sub-select again for each outer row. Rows that were changed by this very statement are skipped each time, so the next
# ten are found: the statement takes all 500 rows, not 10. Put into WITH … AS MATERIALIZED, the sub-select runs once.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" -q install 'pgserver==0.1.4' 'psycopg[binary]==3.2.9'
XDG_RUNTIME_DIR="$folder" "$folder/python/bin/python" - "$folder/data" <<'PYTHON'
import sys

import pgserver
import psycopg

TAKE = "SELECT id FROM messages WHERE queue = 2 AND claim IS NULL ORDER BY id LIMIT 10 FOR UPDATE SKIP LOCKED"
PLAIN = f"UPDATE messages SET claim = 1 WHERE queue = 2 AND id IN ({TAKE}) RETURNING id"
ONCE = f"WITH taken AS MATERIALIZED ({TAKE}) UPDATE messages SET claim = 1 FROM taken WHERE messages.id = taken.id"

server = pgserver.get_server(sys.argv[1], cleanup_mode="stop")
try:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        run = connection.execute
        run("CREATE TABLE messages (id bigserial PRIMARY KEY, queue int NOT NULL, claim int)")
        run("CREATE INDEX ON messages (queue, id)")
        run("INSERT INTO messages (queue) SELECT 1 FROM generate_series(1, 20000)")
        run("ANALYZE messages")
        run("INSERT INTO messages (queue) SELECT 2 FROM generate_series(1, 500)")
        version = run("SHOW server_version").fetchone()[0]
        plain = run(PLAIN).rowcount
        run("UPDATE messages SET claim = NULL")
        once = run(ONCE).rowcount
finally:
    server.cleanup()
print(f"PostgreSQL {version}: LIMIT 10 takes {plain} of 500 rows; in a materialized WITH it takes {once}")
assert (version, plain, once) == ("16.2", 500, 10)
PYTHON
