"""Makes what a Keystone of the tests begins with: a database with its first user, and keys. Called with a directory."""

import os
import subprocess
import sys


CONFIGURATION = """
[DEFAULT]
log_file = {directory}/keystone.log
[database]
connection = sqlite:///{directory}/keystone.db
[fernet_tokens]
key_repository = {directory}/keys
[fernet_receipts]
key_repository = {directory}/keys
[credential]
key_repository = {directory}/keys
[identity]
password_hash_rounds = 4
[cache]
enabled = true
backend = dogpile.cache.memory
"""


def configure(directory, more=''):
    path = os.path.join(directory, 'keystone.conf')
    with open(path, 'w') as file:
        file.write(CONFIGURATION.format(directory=directory) + more)
    return path


def main(directory):
    os.makedirs(os.path.join(directory, 'keys'), mode=0o700)
    manage = [os.path.join(os.path.dirname(sys.executable), 'keystone-manage'),
              '--config-file', configure(directory)]
    subprocess.run(manage + ['db_sync'], check=True)
    subprocess.run(manage + ['fernet_setup', '--keystone-user', str(os.getuid()),
                             '--keystone-group', str(os.getgid())], check=True)
    url = 'http://127.0.0.1/v3'
    subprocess.run(manage + ['bootstrap', '--bootstrap-password', 'secret', '--bootstrap-region-id', 'one',
                             '--bootstrap-admin-url', url, '--bootstrap-internal-url', url,
                             '--bootstrap-public-url', url], check=True)


if __name__ == '__main__':
    main(os.path.abspath(sys.argv[1]))
