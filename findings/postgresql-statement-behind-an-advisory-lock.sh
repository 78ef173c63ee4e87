#!/usr/bin/env bash
# PostgreSQL 16.2 (from pgserver 0.1.4), driven by psycopg 3.2.9.
#
# It saves a round trip to take an advisory lock in the statement that needs it:
#   WITH locked AS MATERIALIZED (SELECT pg_advisory_lock(1)) SELECT count(*) FROM locked, messages.
# Under READ COMMITTED the statement has its snapshot from when it began, before it waited for the lock. So it does not see
# what the holder of the lock committed while it waited: here it counts 0 messages, and the next statement counts 1. The lock
# must be taken in a statement of its own. (A row lock is another matter: there the row is read again.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" -q install 'pgserver==0.1.4' 'psycopg[binary]==3.2.9'
XDG_RUNTIME_DIR="$folder" "$folder/python/bin/python" - "$folder/data" <<'PYTHON'
import sys
import threading
import time

import pgserver
import psycopg

TOGETHER = "WITH locked AS MATERIALIZED (SELECT pg_advisory_lock(1)) SELECT count(*) FROM locked, messages"
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"

server = pgserver.get_server(sys.argv[1], cleanup_mode="stop")
try:
    connect = lambda: psycopg.connect(server.get_uri(), autocommit=True)
    with connect() as holder, connect() as waiter:
        holder.execute("CREATE TABLE messages (id int)")
        holder.execute("SELECT pg_advisory_lock(1)")
        counted = []
        counting = threading.Thread(target=lambda: counted.append(waiter.execute(TOGETHER).fetchone()[0]))
        counting.start()
        while holder.execute(WAITING).fetchone()[0] == 0:
            time.sleep(0.01)
        holder.execute("INSERT INTO messages VALUES (1)")
        holder.execute("SELECT pg_advisory_unlock(1)")
        counting.join()
        next_one = waiter.execute("SELECT count(*) FROM messages").fetchone()[0]
        version = holder.execute("SHOW server_version").fetchone()[0]
finally:
    server.cleanup()
print(f"PostgreSQL {version}: the statement that waited counts {counted[0]}, the next one {next_one}")
assert (version, counted, next_one) == ("16.2", [0], 1)
PYTHON
