"""OpenStack's Zaqar over a Redis, as fast as it is: `upstream.py REDIS_URI PROCESSES`.

So many processes with four threads each. They listen on one port, and the system shares out the connections.
"""

import os
import socket
import sys
import tempfile
import threading

import waitress
from oslo_config import cfg
from oslo_log import log

CONFIGURATION = """
[DEFAULT]
use_stderr = true
[drivers]
transport = wsgi
message_store = redis
management_store = redis
[drivers:message_store:redis]
uri = {uri}
[drivers:management_store:redis]
uri = {uri}
"""


def listen(port=0):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(('127.0.0.1', port))
    listener.listen(256)
    return listener


def end_with(parent):
    """The other end of the pipe is open as long as the parent lives."""
    os.read(parent, 1)
    os._exit(0)


def serve(listener, parent, uri):
    threading.Thread(target=end_with, args=(parent,), daemon=True).start()
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as file:
        file.write(CONFIGURATION.format(uri=uri))
        file.flush()
        conf = cfg.CONF
        log.register_options(conf)
        conf(['--config-file', file.name], project='zaqar', prog='zaqar-server')
    log.setup(conf, 'zaqar')

    from zaqar import bootstrap
    application = bootstrap.Bootstrap(conf).transport.app
    waitress.create_server(application, sockets=[listener], threads=4, ident=None).run()


def main():
    uri, processes = sys.argv[1], int(sys.argv[2])
    first = listen()
    port = first.getsockname()[1]
    listeners = [first] + [listen(port) for _ in range(processes - 1)]
    parent, held = os.pipe()
    for listener in listeners:
        if os.fork() == 0:
            os.close(held)
            for other in listeners:
                if other is not listener:
                    other.close()
            serve(listener, parent, uri)
            return
    for listener in listeners:
        listener.close()
    print(f'listening on http://127.0.0.1:{port}', flush=True)
    for _ in listeners:
        os.wait()


if __name__ == '__main__':
    main()
