"""The commands that python-openstackclient has for messages, with Keystone's address and a login in the environment."""

import contextlib
import io
import json
import os

from openstackclient import shell

os.environ['OS_MESSAGE_CLIENT_ID'] = '3381af92-2b9e-11e3-b191-71861300734c'


def openstack(command, *more, expect=0):
    """What `openstack messaging <command>` prints."""
    arguments = ['messaging', *command.split(), *more]
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        status = shell.OpenStackShell().run(arguments)
    if status != expect:
        raise AssertionError(f'{command}: {status}: {output.getvalue()}{errors.getvalue()}')
    return output.getvalue()


def document(command, *more):
    return json.loads(openstack(command + ' -f json', *more))


def expect(actual, expected):
    if actual != expected:
        raise AssertionError(f'expected {expected!r}, found {actual!r}')


def queues_and_messages():
    expect(document('queue create orders')['Name'], 'orders')
    expect([queue['Name'] for queue in document('queue list')], ['orders'])
    openstack('queue set metadata orders', '{"team": "shop"}')
    expect('shop' in openstack('queue get metadata orders'), True)
    openstack('message post orders', '[{"body": "one", "ttl": 300}, {"body": "two", "ttl": 300}]')
    os.environ['OS_MESSAGE_CLIENT_ID'] = '4481af92-2b9e-11e3-b191-71861300734c'
    expect([message['Body'] for message in document('message list orders')], ['one', 'two'])


def claims():
    claimed = document('claim create orders --ttl 100 --grace 100 --limit 1')
    claim = claimed[0]['Claim_ID']
    expect([message['Message'] for message in document(f'claim query orders {claim}')], ['one'])
    openstack(f'claim renew orders {claim} --ttl 200')
    expect('1' in openstack('queue stats orders'), True)
    openstack(f'claim release orders {claim}')


def subscriptions():
    subscription = document('subscription create orders http://example.org/orders 300')['ID']
    expect([one['ID'] for one in document('subscription list orders')], [subscription])
    expect(document(f'subscription show orders {subscription}')['Subscriber'], 'http://example.org/orders')
    openstack(f'subscription update orders {subscription} --ttl 600')
    openstack(f'subscription delete orders {subscription}')


def main():
    queues_and_messages()
    claims()
    subscriptions()
    openstack('ping')
    openstack('homedoc')
    openstack('queue purge orders')
    openstack('queue delete orders')
    expect(document('queue list'), [])


main()
