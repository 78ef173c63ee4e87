"""Subscribes to a queue, tells how many subscriptions that has, and waits until the connection is lost."""

import json
import sys

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

HEADERS = {'Client-ID': '3381af92-2b9e-11e3-b191-71861300734c', 'X-Project-ID': 'p'}

with connect(sys.argv[1]) as socket:
    def ask(action):
        request = {'action': action, 'headers': HEADERS, 'body': {'queue_name': 'q'}}
        socket.send(json.dumps(request))
        return json.loads(socket.recv())['body']

    ask('subscription_create')
    print('subscriptions:', len(ask('subscription_list')['subscriptions']), flush=True)
    try:
        socket.recv()
    except ConnectionClosed:
        pass
