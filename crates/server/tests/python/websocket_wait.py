"""Connects, waits until the server closes, and prints the code. Usage: websocket_wait.py URL."""

import sys

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

with connect(sys.argv[1]) as socket:
    print('connected', flush=True)
    try:
        socket.recv()
    except ConnectionClosed as error:
        print('closed with', error.rcvd.code)
