"""The example page in a browser without a window: it shows what is posted, and misses nothing while it is away.

Usage: websocket_page.py PAGE WEBSOCKET_URL DIRECTORY
"""

import json
import pathlib
import subprocess
import sys
import urllib.parse

from websockets.sync.client import connect

FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
         '--disable-background-networking', '--disable-component-update', '--disable-sync',
         '--remote-debugging-port=0']
HEADERS = {'Client-ID': '3381af92-2b9e-11e3-b191-71861300734c', 'X-Project-ID': 'demo'}
# Resolves once the page shows what it is asked for.
SHOWS = '''new Promise((resolve) => {
    const look = () => {
        const items = [...document.querySelectorAll("#messages li")].map((item) => item.textContent);
        const status = document.getElementById("status").textContent;
        if (status.startsWith("STATUS") && items.length >= COUNT) { resolve(JSON.stringify(items)); return true; }
    };
    if (!look()) new MutationObserver(look).observe(document, { subtree: true, childList: true });
})'''


class Tab:
    """A tab of the browser that listens on `socket`."""

    def __init__(self, socket):
        self.socket = socket
        self.number = 0
        self.session = None
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self.session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        self.call('Page.enable')

    def call(self, method, **params):
        self.number += 1
        request = {'id': self.number, 'method': method, 'params': params}
        if self.session:
            request['sessionId'] = self.session
        self.socket.send(json.dumps(request))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get('id') == self.number:
                assert 'error' not in answer, answer
                return answer['result']

    def go_to(self, url):
        self.call('Page.navigate', url=url)
        while json.loads(self.socket.recv()).get('method') != 'Page.loadEventFired':
            pass

    def shown(self, count, status='following orders'):
        expression = SHOWS.replace('COUNT', str(count)).replace('STATUS', status)
        result = self.call('Runtime.evaluate', expression=expression, awaitPromise=True)
        return [json.loads(item) for item in json.loads(result['result']['value'])]


def ask(socket, action, **body):
    body['queue_name'] = 'orders'
    socket.send(json.dumps({'action': action, 'headers': HEADERS, 'body': body}))
    reply = json.loads(socket.recv())
    assert reply['headers']['status'] < 300, reply
    return reply['body']


def misses_nothing(tab, page, poster):
    def post(*bodies):
        ask(poster, 'message_post', messages=[{'body': body, 'ttl': 300} for body in bodies])

    post('before anybody follows')
    tab.go_to(page)
    assert tab.shown(0) == []
    post({'pizza': 1}, {'pizza': 2})
    assert tab.shown(2) == [{'pizza': 1}, {'pizza': 2}]
    tab.go_to('about:blank')
    post({'pizza': 3}, {'pizza': 4})
    tab.go_to(page)
    post({'pizza': 5})
    assert tab.shown(3) == [{'pizza': 3}, {'pizza': 4}, {'pizza': 5}]


def ends_when_somebody_ends_its_subscription(tab, other):
    [subscription] = ask(other, 'subscription_list')['subscriptions']
    ask(other, 'subscription_delete', subscription_id=subscription['id'])
    tab.shown(3, status='ended: ')


def main(page, url, directory):
    wanted = urllib.parse.urlencode({'url': url, 'queue': 'orders', 'project': 'demo'})
    page = f'{pathlib.Path(page).as_uri()}?{wanted}'
    command = ['chromium', *FLAGS, f'--user-data-dir={directory}', 'about:blank']
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as browser:
        try:
            line = next(line for line in browser.stderr if 'DevTools listening on ' in line)
            with connect(line.split(' on ')[1].strip(), max_size=None) as socket, connect(url) as poster:
                tab = Tab(socket)
                misses_nothing(tab, page, poster)
                ends_when_somebody_ends_its_subscription(tab, poster)
        finally:
            browser.terminate()


main(*sys.argv[1:])
