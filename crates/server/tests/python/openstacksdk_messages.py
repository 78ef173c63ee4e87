"""openstacksdk's messages, with Keystone's address and a login in the environment."""

import openstack
from openstack.message.v2.claim import Claim


def expect(actual, expected):
    if actual != expected:
        raise AssertionError(f'expected {expected!r}, found {actual!r}')


def queues(service):
    # More than a page of them.
    for number in range(12):
        service.create_queue(name=f'queue-{number:02}')
    expect([queue.name for queue in service.queues()], [f'queue-{number:02}' for number in range(12)])
    for number in range(1, 12):
        service.delete_queue(f'queue-{number:02}')
    expect(service.get_queue('queue-00').id, 'queue-00')


def messages(service):
    for start in (0, 10):
        service.post_message('queue-00', [{'body': n, 'ttl': 300} for n in range(start, start + 10)])
    service.post_message('queue-00', [{'body': n, 'ttl': 300} for n in range(20, 25)])
    expect([message.body for message in service.messages('queue-00')], list(range(25)))
    # Those that it has deleted are the places from which it goes on.
    for message in service.messages('queue-00'):
        if message.body < 20:
            service.delete_message('queue-00', message.id)
    left = list(service.messages('queue-00'))
    expect([message.body for message in left], list(range(20, 25)))
    expect(service.get_message('queue-00', left[0].id).body, 20)


def claims(service):
    # service.create_claim() of 4.22 fails at the answer of any server: it takes the place of its own connection for the
    # header Location. A claim that knows no connection works.
    claim = Claim.new(queue_name='queue-00', ttl=100, grace=100).create(service)
    expect([message['body'] for message in claim.messages], [20, 21, 22, 23, 24])
    service.update_claim('queue-00', claim.id, ttl=200, grace=100)
    expect(service.get_claim('queue-00', claim.id).ttl, 200)
    service.delete_message('queue-00', claim.messages[0]['id'], claim.id)
    service.delete_claim('queue-00', claim.id)
    expect([message.body for message in service.messages('queue-00')], [21, 22, 23, 24])


def subscriptions(service):
    made = [
        service.create_subscription('queue-00', subscriber=f'http://example.org/{n}', ttl=600, options={}).id
        for n in range(12)
    ]
    expect(sorted(one.id for one in service.subscriptions('queue-00')), sorted(made))
    expect(service.get_subscription('queue-00', made[0]).subscriber, 'http://example.org/0')
    service.delete_subscription('queue-00', made[0])


def main():
    service = openstack.connect().message
    queues(service)
    messages(service)
    claims(service)
    subscriptions(service)
    service.delete_queue('queue-00')
    expect(list(service.queues()), [])


main()
