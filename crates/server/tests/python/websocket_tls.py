"""Lists queues by WebSocket and TLS. Usage: websocket_tls.py URL AUTHORITY."""

import json
import ssl
import sys

from websockets.sync.client import connect

HEADERS = {'Client-ID': '3381af92-2b9e-11e3-b191-71861300734c', 'X-Project-ID': 'p'}

url, authority = sys.argv[1:]
with connect(url, ssl=ssl.create_default_context(cafile=authority), server_hostname='localhost') as socket:
    socket.send(json.dumps({'action': 'queue_list', 'headers': HEADERS}))
    print(json.loads(socket.recv())['headers']['status'])
