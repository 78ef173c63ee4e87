"""Follows a queue by WebSocket: prints each message that comes to it, and misses none.

Usage: subscriber.py URL PROJECT QUEUE MARKER_FILE, for instance

    python subscriber.py ws://127.0.0.1:9000 demo orders marker

Where it was is kept in the file. When the connection breaks, or the program is started again, it goes on behind that.
It ends when somebody deletes its subscription.
Needs `pip install websockets`.
"""

import json
import pathlib
import sys
import uuid

from websockets.sync.client import connect
from websockets.exceptions import ConnectionClosed

CLIENT_ID = str(uuid.uuid4())
# Somebody wants the subscription to be gone. It is not for the program to bring it back.
WANTED_ENDS = ('deleted', 'purged')


def follow(url, project, queue, marker_file):
    with connect(url) as socket:
        subscribe(socket, project, queue, marker_file)
        for frame in socket:
            content = json.loads(frame)
            if content.get('Message_Type') == 'Notification':
                print(json.dumps(content['body']), flush=True)
                keep(marker_file, content['marker'])
            elif content.get('Message_Type') == 'SubscriptionEnded':
                keep(marker_file, content['marker'])
                if content['code'] in WANTED_ENDS:
                    print('ended:', content['reason'], file=sys.stderr)
                    sys.exit()
                print('subscribing again:', content['reason'], file=sys.stderr)
                subscribe(socket, project, queue, marker_file)
            elif content['headers']['status'] == 201:
                print('following', queue, flush=True)
            else:
                sys.exit(f'refused: {content["body"]}')


def subscribe(socket, project, queue, marker_file):
    body = {'queue_name': queue, 'ttl': 24 * 3600}
    if marker_file.exists():
        body['marker'] = marker_file.read_text()
    headers = {'Client-ID': CLIENT_ID, 'X-Project-ID': project}
    socket.send(json.dumps({'action': 'subscription_create', 'headers': headers, 'body': body}))


def keep(marker_file, marker):
    # In one step: whoever is stopped in the middle of it has the marker from before.
    new = marker_file.with_suffix('.new')
    new.write_text(marker)
    new.replace(marker_file)


def main(url, project, queue, marker_file):
    while True:
        try:
            follow(url, project, queue, pathlib.Path(marker_file))
        except ConnectionClosed as error:
            print('connecting again:', error, file=sys.stderr)


main(*sys.argv[1:])
