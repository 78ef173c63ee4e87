"""Subscribes to three queues and prints each end that it is told of. Usage: websocket_ended.py URL."""

import json
import sys

from websockets.sync.client import connect

HEADERS = {'Client-ID': '3381af92-2b9e-11e3-b191-71861300734c', 'X-Project-ID': 'p'}
QUEUES = ['a', 'b', 'c']

with connect(sys.argv[1]) as socket:
    for queue in QUEUES:
        body = {'queue_name': queue}
        socket.send(json.dumps({'action': 'subscription_create', 'headers': HEADERS, 'body': body}))
        print('subscribed to', queue, 'as', json.loads(socket.recv())['body']['subscription_id'], flush=True)
    for _ in QUEUES:
        told = json.loads(socket.recv())
        print(told['Message_Type'], told['queue_name'], told['code'], flush=True)
