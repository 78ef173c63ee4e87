"""An SMTP server on a free port, which it prints, and after it each mail that it takes, as a line of JSON.

Called with tls, starttls or none, the files of its certificate and key, and the user and password that it wants to hear.
How it answers depends on the recipient: refused@, later@ and silent@ get what they say.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith('refused@'):
            return '550 5.1.1 nobody of this name'
        if address.startswith('later@'):
            return '451 4.2.0 come again'
        if address.startswith('silent@'):
            await asyncio.Event().wait()
        envelope.rcpt_tos.append(address)
        return '250 2.1.5 fine'

    async def handle_DATA(self, server, session, envelope):
        mail = {
            'from': envelope.mail_from,
            'to': envelope.rcpt_tos,
            'text': envelope.content.decode(),
            'user': session.auth_data,
            'tls': server.transport.get_extra_info('ssl_object') is not None,
        }
        print(json.dumps(mail), flush=True)
        return '250 2.0.0 taken'


async def main(security, certificate, key, user, password):
    context = None
    if security != 'none':
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)

    def authenticate(server, session, envelope, mechanism, given):
        good = (given.login, given.password) == (user.encode(), password.encode())
        return AuthResult(success=good, handled=False, auth_data=given.login.decode())

    def protocol():
        starttls = security == 'starttls'
        return SMTP(Handler(), hostname='localhost', tls_context=context if starttls else None,
                    require_starttls=starttls, authenticator=authenticate, auth_required=True,
                    auth_require_tls=starttls)

    implicit = context if security == 'tls' else None
    server = await asyncio.get_running_loop().create_server(protocol, '127.0.0.1', 0, ssl=implicit)
    print('listening on', server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
