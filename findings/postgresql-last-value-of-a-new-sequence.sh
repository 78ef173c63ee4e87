#!/usr/bin/env bash
# PostgreSQL 16.2 (from pgserver 0.1.4), driven by psycopg 3.2.9.
#
# Whoever wants to know how far a sequence has come without taking a number reads its last_value. Of a sequence that was
# never asked this is 1, as it is after the first number was given out: the number still to come cannot be told from the last
# one by it. A reader that goes on behind last_value would miss the first row. `is_called`, or asking once when the sequence
# is made, tells the two apart. pg_sequences.last_value is NULL in the first case.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" -q install 'pgserver==0.1.4' 'psycopg[binary]==3.2.9'
XDG_RUNTIME_DIR="$folder" "$folder/python/bin/python" - "$folder/data" <<'PYTHON'
import sys

import pgserver
import psycopg

LOOK = "SELECT last_value, is_called FROM positions"
VIEW = "SELECT last_value FROM pg_sequences WHERE sequencename = 'positions'"

server = pgserver.get_server(sys.argv[1], cleanup_mode="stop")
try:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        one = lambda statement: connection.execute(statement).fetchone()
        connection.execute("CREATE SEQUENCE positions")
        new, new_in_view = one(LOOK), one(VIEW)
        first = one("SELECT nextval('positions')")
        asked, asked_in_view = one(LOOK), one(VIEW)
        version = one("SHOW server_version")[0]
finally:
    server.cleanup()
print(f"PostgreSQL {version}: a new sequence says {new}, after nextval {first[0]} it says {asked}")
assert version == "16.2" and first == (1,)
assert (new, asked) == ((1, False), (1, True))
assert (new_in_view, asked_in_view) == ((None,), (1,))
PYTHON
