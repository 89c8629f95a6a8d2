"""Counting what was checked, and noting which functions of the SDK were called."""

from keystoneauth1.exceptions import ClientException
from openstack import exceptions

OUTCOME = {'passed': 0, 'failed': 0}
CALLED = set()


def check(name, want, got):
    """One line per check."""
    right = want == got
    OUTCOME['passed' if right else 'failed'] += 1
    print(f'ok: {name}' if right else f'FAILED: {name}: want {want!r}, got {got!r}', flush=True)


def refused(name, status, call, /, *args, **kwargs):
    """The service answers a call with this status."""
    try:
        call(*args, **kwargs)
    except exceptions.HttpException as fault:
        check(name, status, fault.status_code)
    except ClientException as fault:
        check(name, status, fault.http_status)
    else:
        check(name, status, None)


class Noted:
    """Hands every function of `inner` on, under its name noted with `prefix`."""

    def __init__(self, inner, prefix):
        self.inner = inner
        self.prefix = prefix

    def __getattr__(self, name):
        found = getattr(self.inner, name)
        if callable(found):
            CALLED.add(f'{self.prefix}.{name}')
        return found


def not_called(cls, prefix):
    """The public functions that a class itself defines and nothing here called."""
    own = (name for name, value in vars(cls).items() if callable(value) and not name.startswith('_'))
    return sorted(name for name in own if f'{prefix}.{name}' not in CALLED)
