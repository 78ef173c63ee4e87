"""What schemathesis must be told about the media types and numbers of this API."""

import hashlib
import json
import os

import schemathesis

# Both are JSON by other names.
schemathesis.serializer.alias('application/openstack-messaging-v2.0-json-patch', 'application/json')


@schemathesis.deserializer('application/json-home')
def json_home(_context, response):
    return json.loads(response.content)


# To JSON Schema 60.0 is an integer; to Zaqar, as to upstream, it is not. An integer has 64 bits at most.
EXACT = 2 ** 53
LARGEST = 2 ** 63 - 1
# A subscription must end before the year 10000: a moment that no schema can name, as it depends on today.
LONGEST = 200_000_000_000


def plain(value):
    """The same value with numbers as the service takes them."""
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return max(-LARGEST, min(value, LARGEST))
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


# Where pools may be, each in one of a few directories: a store takes room, and two pools cannot share one.
POOLS = os.environ.get('POOLS', '')
DIRECTORIES = 4


def place(case):
    """Pools go into the directories of the test, and flavors have the pool that the test has registered."""
    if isinstance(case.body.get('uri'), str):
        name = str(case.path_parameters.get('pool_name'))
        number = hashlib.sha256(name.encode()).digest()[0] % DIRECTORIES
        case.body['uri'] = f'embedded://{POOLS}/{number}'
    if isinstance(case.body.get('pool_list'), list):
        case.body['pool_list'] = [os.environ.get('POOL', '')]


def settle(body):
    """What the schema says, made to fit what no schema can say."""
    if isinstance(body.get('ttl'), int):
        body['ttl'] = min(body['ttl'], LONGEST)
    # It must be an address that something can be delivered to.
    if isinstance(body.get('subscriber'), str):
        number = hashlib.sha256(repr(body['subscriber']).encode()).digest()[0]
        body['subscriber'] = f'https://example.com/{number}'
    # It must exist.
    body.pop('_flavor', None)
    for holder in (body, body.get('options')):
        policy = holder.get('_retry_policy') if isinstance(holder, dict) else None
        if isinstance(policy, dict):
            # The two must be 10 seconds apart.
            policy.pop('minimum_delay', None)
            policy.pop('maximum_delay', None)


@schemathesis.hook
def before_call(_context, case, _arguments):
    # A made-up signature is never good, and would keep every request from what is behind it.
    for name in ('URL-Signature', 'URL-Paths', 'URL-Methods', 'URL-Expires'):
        case.headers.pop(name, None)
    # What breaks the schema on purpose stays as it is.
    is_meant_well = case.meta is None or case.meta.generation.mode.is_positive
    if is_meant_well and isinstance(case.body, (dict, list)):
        case.body = plain(case.body)
        if isinstance(case.body, dict):
            settle(case.body)
            place(case)
    elif isinstance(case.body, dict) and str(case.body.get('uri', '')).startswith('embedded:'):
        # An example in a document that is wrong elsewhere.
        place(case)
