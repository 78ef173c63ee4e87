"""OpenStack's Zaqar on free ports, REST and WebSocket: `serve.py zaqar.conf …`, each file over the one before it.

Its store is MongoDB, as is its default, played in this process and gone with it.
"""

import asyncio
import socket
import sys
import threading

import mongomock
import mongomock.store
import pymongo
import waitress
from oslo_config import cfg
from oslo_log import log

STORE = mongomock.store.ServerStore()


class Client(mongomock.MongoClient):
    """All clients see the same data, as those of one MongoDB do."""

    # Asked for when a driver starts.
    nodes = frozenset({('localhost', 27017)})
    is_mongos = True
    write_concern = pymongo.WriteConcern()

    def __init__(self, *args, **kwargs):
        kwargs.pop('connect', None)
        super().__init__(*args, _store=STORE, **kwargs)


def serve_websocket(driver):
    """What the driver itself does to listen, on ports that the system chooses. Returns the one of WebSocket."""
    clients, notifications = (socket.create_server(('127.0.0.1', 0)) for _ in range(2))
    loop = asyncio.new_event_loop()

    def run():
        asyncio.set_event_loop(loop)
        driver.notification_factory.set_subscription_url(f'http://127.0.0.1:{notifications.getsockname()[1]}/')
        driver._api.set_subscription_factory(driver.notification_factory)
        loop.run_until_complete(loop.create_server(driver.notification_factory, sock=notifications))
        loop.run_until_complete(loop.create_server(driver.factory, sock=clients))
        loop.run_forever()

    threading.Thread(target=run, daemon=True).start()
    return clients.getsockname()[1]


def main():
    pymongo.MongoClient = Client

    conf = cfg.CONF
    log.register_options(conf)
    files = [word for path in sys.argv[1:] for word in ('--config-file', path)]
    conf(files, project='zaqar', prog='zaqar-server')
    log.setup(conf, 'zaqar')

    from zaqar import bootstrap
    application = bootstrap.Bootstrap(conf).transport.app

    conf.set_override('transport', 'websocket', 'drivers')
    websocket = serve_websocket(bootstrap.Bootstrap(conf).transport)

    # One thread, and the tests send one request at a time: the store that is played knows no locks.
    server = waitress.create_server(application, host='127.0.0.1', port=0, threads=1, ident=None)
    rest = server.effective_port
    print(f'listening on http://127.0.0.1:{rest} and ws://127.0.0.1:{websocket}', flush=True)
    server.run()


if __name__ == '__main__':
    main()
