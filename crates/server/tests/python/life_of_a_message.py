"""The whole life of a message, through OpenStack's own client library, unmodified.

Usage: life_of_a_message.py URL. Fails on the first thing that is not as the library's users expect it.
"""

import sys

from zaqarclient.queues import client
from zaqarclient.transport import errors

PROJECT = {'auth_opts': {'backend': 'noauth', 'options': {'os_project_id': 'python'}}}


def expect(actual, expected):
    assert actual == expected, f'expected {expected!r}, got {actual!r}'


def expect_error(kind, operation, *arguments, **parameters):
    try:
        operation(*arguments, **parameters)
    except kind:
        return
    raise AssertionError(f'{operation} should fail with {kind.__name__}')


def queues_and_their_metadata(zaqar):
    zaqar.queue('first', force_create=True)
    zaqar.queue('second', force_create=True)
    queues, count = zaqar.queues(with_count=True)
    expect(sorted(queue.name for queue in queues), ['first', 'second'])
    expect(count, 2)

    queue = zaqar.queue('first')
    queue.metadata({'team': 'shop', '_default_message_ttl': 600})
    metadata = queue.metadata(force_reload=True)
    expect((metadata['team'], metadata['_default_message_ttl']), ('shop', 600))
    queue.metadata({'team': 'warehouse'})
    expect(queue.metadata(force_reload=True)['team'], 'warehouse')

    zaqar.queue('second').delete()
    expect([queue.name for queue in zaqar.queues()[0]], ['first'])


def posting_many_at_once(zaqar):
    """The library refuses an answer with a header of 64 KiB."""
    queue = zaqar.queue('many')
    posted = queue.post([{'body': 0, 'ttl': 300}] * 1800)
    expect(len(set(posted['resources'])), 1800)
    expect(queue.stats['messages']['total'], 1800)
    queue.delete()


def posting_and_reading(queue, other):
    posted = queue.post([{'body': {'n': n, 'text': 'grüße'}, 'ttl': 300} for n in range(3)])
    ids = [href.split('/')[-1] for href in posted['resources']]
    expect(len(ids), 3)

    expect(list(queue.messages()), [])
    expect([message.body['n'] for message in queue.messages(echo=True)], [0, 1, 2])
    expect([message.body['n'] for message in other.messages()], [0, 1, 2])
    expect([message.body['n'] for message in other.messages(limit=1).stream()], [0, 1, 2])
    expect([message.id for message in queue.messages(*ids[:2])], ids[:2])

    message = queue.message(ids[0])
    expect((message.body, message.ttl), ({'n': 0, 'text': 'grüße'}, 300))
    message.delete()
    expect_error(errors.ResourceNotFound, queue.message, ids[0])
    queue.delete_messages(*ids[1:])
    expect(list(other.messages()), [])

    queue.post({'body': 'one alone', 'ttl': 300})
    expect([message.body for message in queue.pop()], ['one alone'])
    expect(list(queue.pop()), [])


def claiming(queue):
    queue.post([{'body': n, 'ttl': 300} for n in range(3)])
    claim = queue.claim(ttl=100, grace=100, limit=2)
    messages = list(claim)
    expect([message.body for message in messages], [0, 1])
    expect({message.claim_id for message in messages}, {claim.id})
    expect([message.body for message in queue.messages(echo=True)], [2])
    expect(queue.stats['messages']['claimed'], 2)

    claim.update(ttl=200, grace=100)
    again = queue.claim(id=claim.id)
    expect((again.ttl, len(list(again))), (200, 2))

    without_claim = queue.message(messages[0].id)
    without_claim.href = without_claim.href.split('?')[0]
    expect_error(errors.ForbiddenError, without_claim.delete)
    messages[0].delete()
    claim.delete()
    expect_error(errors.ResourceNotFound, lambda: queue.claim(id=claim.id).ttl)
    expect([message.body for message in queue.messages(echo=True)], [1, 2])

    rest = queue.claim(ttl=100, grace=100, limit=10)
    expect([message.body for message in rest], [1, 2])
    expect(list(queue.claim(ttl=100, grace=100)), [])
    rest.delete()


def counting_and_emptying(queue):
    stats = queue.stats['messages']
    expect((stats['claimed'], stats['free'], stats['total']), (0, 2, 2))
    queue.purge(resource_types=['messages'])
    expect(queue.stats['messages']['total'], 0)
    queue.delete()


def main(url):
    zaqar = client.Client(url, version=2, conf=PROJECT)
    other = client.Client(url, version=2, conf=PROJECT)
    queues_and_their_metadata(zaqar)
    queue = zaqar.queue('first')
    posting_and_reading(queue, other.queue('first'))
    claiming(queue)
    counting_and_emptying(queue)
    posting_many_at_once(zaqar)
    expect(list(zaqar.queues()[0]), [])


main(sys.argv[1])
