"""Writes upstream-options.tsv: every option that a zaqar.conf of upstream may hold, as upstream registers it.

Run it with a Python that has zaqar installed:

    python upstream_options.py > upstream-options.tsv
"""

import ast
import importlib.util

from keystoneauth1 import loading
from keystonemiddleware.auth_token import _opts as authtoken
from oslo_cache import _opts as cache
from oslo_config import cfg, types
from oslo_log import _options as log
from oslo_middleware import cors
from oslo_policy import opts as policy
from oslo_reports import opts as reports
from osprofiler import opts as profiler
from zaqar.conf import opts as zaqar

rows = {}


def literals_of_call(module, name):
    """The arguments of the first call of `name` in a module that need not be importable."""
    with open(importlib.util.find_spec(module).origin) as source:
        tree = ast.parse(source.read())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    call = next(call for call in calls if getattr(call.func, 'attr', '') == name)
    return [ast.literal_eval(arg) for arg in call.args], {k.arg: ast.literal_eval(k.value) for k in call.keywords}


def add(group, options):
    for option in options:
        kind = type(option.type).__name__ if isinstance(option.type, types.ConfigType) else 'String'
        kind = 'Multi' if option.multi else kind
        default = option.default
        if kind == 'Float' and default is not None:
            default = float(default)
        if isinstance(default, dict):
            default = dict(sorted(default.items()))
        choices = getattr(option.type, 'choices', None) or getattr(
            getattr(option.type, 'item_type', None), 'choices', None)
        rows.setdefault((group or 'DEFAULT', option.dest), [
            kind,
            '<None>' if default is None else str(default),
            'secret' if option.secret else '-',
            ','.join(old.name for old in option.deprecated_opts if old.name) or '-',
            '|'.join(choice for choice in choices if choice is not None) if choices else '-',
        ])


cors.set_defaults(**literals_of_call('zaqar.transport.middleware.cors', 'set_defaults')[1])
(name, text), _ = literals_of_call('zaqar.cmd.server', 'set_default')
cfg.set_defaults(log.log_opts, **{name: text})

for library in (zaqar, authtoken, cache, log, policy, profiler, reports):
    for group, options in library.list_opts():
        add(group, options)
add('cors', cors.OPTS)
for group in ('keystone_authtoken', 'trustee'):
    add(group, loading.get_auth_common_conf_options())
    for plugin in ('password', 'v3token', 'v3applicationcredential'):
        add(group, loading.get_auth_plugin_conf_options(plugin))
add('trustee', loading.get_session_conf_options())
add('DEFAULT', [cfg.BoolOpt('daemon', default=False), cfg.ListOpt('config_source', default=[])])

print('# Written by upstream_options.py: group, option, type, default, secret, former names, choices.')
for (group, name), row in sorted(rows.items()):
    print('\t'.join([group, name, *row]))
