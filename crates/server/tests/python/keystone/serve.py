"""A Keystone. Once it is ready, it prints where it listens.

Called with the directory that prepare.py made, an empty one to work in, a port that its caller holds bound with SO_REUSEPORT,
and the seconds for which tokens are good.
"""

import os
import shutil
import socket
import sqlite3
import sys

import prepare


def main(prepared, directory, port, expiration):
    if not os.path.exists(os.path.join(directory, 'keystone.db')):
        shutil.copytree(prepared, directory, dirs_exist_ok=True)
    configuration = prepare.configure(directory, f'[token]\nexpiration = {expiration}\n')
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(('127.0.0.1', int(port)))
    url = 'http://127.0.0.1:%d/v3' % listener.getsockname()[1]
    with sqlite3.connect(os.path.join(directory, 'keystone.db')) as database:
        database.execute("UPDATE endpoint SET url = ? WHERE url LIKE '%/v3'", [url])

    os.environ['OS_KEYSTONE_CONFIG_FILES'] = configuration
    sys.argv = ['keystone']
    import waitress
    from keystone.server import wsgi
    application = wsgi.initialize_public_application()
    server = waitress.create_server(application, sockets=[listener], threads=8)
    print('listening on', url, flush=True)
    server.run()


if __name__ == '__main__':
    main(*sys.argv[1:])
