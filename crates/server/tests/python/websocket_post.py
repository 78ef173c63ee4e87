"""Posts a message by WebSocket, for somebody else to find. Usage: websocket_post.py URL."""

import json
import sys

from websockets.sync.client import connect

HEADERS = {'Client-ID': '11111111-2b9e-11e3-b191-71861300734c', 'X-Project-ID': 'tests'}
BODY = {'queue_name': 'afar', 'messages': [{'body': 'hello', 'ttl': 300}]}

with connect(sys.argv[1]) as socket:
    socket.send(json.dumps({'action': 'message_post', 'headers': HEADERS, 'body': BODY}))
    reply = json.loads(socket.recv())
    assert reply['headers']['status'] == 201, reply
