"""A conversation by the public library websockets, in JSON and in MessagePack, with compression offered as it does by default.

Usage: websocket_conversation.py URL. Fails on the first thing that is not as it should be.
"""

import json
import sys

import msgpack
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

HEADERS = {'Client-ID': '3381af92-2b9e-11e3-b191-71861300734c', 'X-Project-ID': 'python'}

JSON = (json.dumps, json.loads, str)
MESSAGEPACK = (msgpack.packb, msgpack.unpackb, bytes)
# As old clients write it: texts and bytes are one type.
OLD_MESSAGEPACK = (msgpack.Packer(use_bin_type=False).pack, msgpack.unpackb, bytes)


def expect(actual, expected):
    assert actual == expected, f'expected {expected!r}, got {actual!r}'


def ask(socket, form, action, **body):
    dump, load, kind = form
    request = {'action': action, 'headers': HEADERS, 'body': body}
    socket.send(dump(request))
    reply = socket.recv()
    assert isinstance(reply, kind), reply
    reply = load(reply)
    expect(reply['request'], {**request, 'api': 'v2'})
    return reply['headers']['status'], reply['body']


def life_of_a_message(socket, form, queue):
    body = {'n': [1, -2.5, None, True], 'text': 'grüße \U0001f600'}
    expect(ask(socket, form, 'queue_create', queue_name=queue), (201, f'Queue {queue} created.'))
    status, posted = ask(socket, form, 'message_post', queue_name=queue, messages=[{'body': body, 'ttl': 300}])
    assert status == 201, posted
    status, claim = ask(socket, form, 'claim_create', queue_name=queue, ttl=100, grace=60)
    expect((status, [message['id'] for message in claim['messages']]), (201, posted['message_ids']))
    expect(claim['messages'][0]['body'], body)
    named = {'queue_name': queue, 'message_id': posted['message_ids'][0]}
    expect(ask(socket, form, 'message_delete', **named)[0], 403)
    expect(ask(socket, form, 'message_delete', **named, claim_id=claim['claim_id']), (204, {}))
    expect(ask(socket, form, 'message_get', **named)[0], 404)
    expect(ask(socket, form, 'queue_delete', queue_name=queue), (204, f'Queue {queue} removed.'))


def too_much(url):
    with connect(url) as socket:
        socket.send('x' * 2_000_000)
        try:
            socket.recv()
        except ConnectionClosedError as error:
            expect(error.rcvd.code, 1009)


def main(url):
    with connect(url) as socket:
        for number, form in enumerate([JSON, MESSAGEPACK, OLD_MESSAGEPACK]):
            life_of_a_message(socket, form, f'queue{number}')
        too_much(url)
        expect(ask(socket, JSON, 'queue_list'), (200, {'queues': []}))


main(sys.argv[1])
