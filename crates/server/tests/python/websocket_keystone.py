"""OpenStack's own client by WebSocket, and what tokens allow there.

Usage: websocket_keystone.py URL PROJECT TOKEN SECOND_TOKEN, both of one project, the second good for a few seconds only.
"""

import json
import sys

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from zaqarclient import transport
from zaqarclient.transport import request

CLIENT_ID = '3381af92-2b9e-11e3-b191-71861300734c'


def expect(actual, expected):
    assert actual == expected, f'expected {expected!r}, got {actual!r}'


def by_openstacks_client(url, project, token):
    options = {'os_auth_token': token, 'os_project_id': project}
    conf = {'auth_opts': {'backend': 'keystone', 'options': options}}
    with transport.get_transport_for(url, options=conf, version=2) as socket:
        create = request.Request(url, 'queue_create', content=json.dumps({'queue_name': 'first'}))
        expect(socket.send(create).status_code, 201)
        listed = socket.send(request.Request(url, 'queue_list'))
        expect(json.loads(listed.content), {'queues': [{'name': 'first'}]})


def main(url, project, token, short_token):
    by_openstacks_client(url, project, token)
    with connect(url) as socket:
        def ask(action, project=project, **headers):
            headers = {'Client-ID': CLIENT_ID, 'X-Project-ID': project, **headers}
            socket.send(json.dumps({'action': action, 'headers': headers}))
            reply = json.loads(socket.recv())
            return reply['headers']['status'], reply['body']

        def authenticate(token):
            return ask('authenticate', **{'X-Auth-Token': token})

        expect(ask('queue_list'), (403, {'error': 'Not authentified.'}))
        expect(authenticate('made-up'), (401, {'error': 'Authentication failed.'}))
        expect(ask('queue_list')[0], 403)
        expect(authenticate(token), (200, {'message': 'Authentified.'}))
        expect(ask('queue_list'), (200, {'queues': [{'name': 'first'}]}))
        expect(ask('queue_list', project='other'), (403, {'error': 'Not authenticated.'}))
        expect(authenticate('made-up')[0], 401)
        expect(ask('queue_list')[0], 200)
        # A newer token takes the place of the one before, and its end counts.
        expect(authenticate(short_token), (200, {'message': 'Authentified.'}))
        try:
            socket.recv()
        except ConnectionClosed as error:
            expect((error.rcvd.code, error.rcvd.reason), (4003, 'Authentication expired.'))


main(*sys.argv[1:])
