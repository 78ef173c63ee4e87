"""OpenStack's Zaqar on a free port: `serve.py zaqar.conf …`, each file over the one before it.

Its store is MongoDB, as is its default, played in this process and gone with it.
"""

import sys

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


def main():
    pymongo.MongoClient = Client

    conf = cfg.CONF
    log.register_options(conf)
    files = [word for path in sys.argv[1:] for word in ('--config-file', path)]
    conf(files, project='zaqar', prog='zaqar-server')
    log.setup(conf, 'zaqar')

    from zaqar import bootstrap
    application = bootstrap.Bootstrap(conf).transport.app

    # One thread: the store that is played knows no locks.
    server = waitress.create_server(application, host='127.0.0.1', port=0, threads=1, ident=None)
    print(f'listening on http://127.0.0.1:{server.effective_port}', flush=True)
    server.run()


if __name__ == '__main__':
    main()
