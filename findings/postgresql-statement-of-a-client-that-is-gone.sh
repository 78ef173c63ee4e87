#!/usr/bin/env bash
# PostgreSQL 16.2 (from pgserver 0.1.4), driven by psycopg 3.2.9.
#
# A client that has lost its connection asks again on another one, and looks first whether its claim was made. That is not
# enough: the first statement is still there. It waits for a lock (or lies unread in the server's socket), the server looks
# after its client only when it has something to send (client_connection_check_interval is 0 by default), and it takes
# messages after the repeat has looked and found none: here the repeat finds 0 of the claim, and a moment later there is 1.
# What helps is to wait until pg_stat_activity lists the lost connection no more; then what it sent is done or never will be.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" -q install 'pgserver==0.1.4' 'psycopg[binary]==3.2.9'
XDG_RUNTIME_DIR="$folder" "$folder/python/bin/python" - "$folder/data" <<'PYTHON'
import sys
import time

import pgserver
import psycopg

LISTED = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lost'"
WAITING = LISTED + " AND wait_event_type = 'Lock'"
CLAIMED = "SELECT count(*) FROM messages WHERE claim = 7"

server = pgserver.get_server(sys.argv[1], cleanup_mode="stop")
try:
    uri = server.get_uri()
    with psycopg.connect(uri, autocommit=True) as other, psycopg.connect(uri) as holder:
        other.execute("CREATE TABLE messages (id int, claim int)")
        other.execute("INSERT INTO messages VALUES (1, NULL)")
        holder.execute("SELECT 1 FROM messages FOR UPDATE")
        lost = psycopg.connect(uri, autocommit=True, application_name="lost")
        lost.pgconn.send_query(b"UPDATE messages SET claim = 7")
        while other.execute(WAITING).fetchone()[0] == 0:
            time.sleep(0.01)
        lost.close()
        repeat_finds = other.execute(CLAIMED).fetchone()[0]
        holder.commit()
        while other.execute(LISTED).fetchone()[0]:
            time.sleep(0.01)
        afterwards = other.execute(CLAIMED).fetchone()[0]
        version = other.execute("SHOW server_version").fetchone()[0]
finally:
    server.cleanup()
print(f"PostgreSQL {version}: the repeat finds {repeat_finds} messages of the claim, and afterwards there is {afterwards}")
assert (version, repeat_finds, afterwards) == ("16.2", 0, 1)
PYTHON
