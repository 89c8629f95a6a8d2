"""The `openstack` program within this process, so that each command costs a call and not the program's start.

A Shell is what `openstack` without a command is: it reads its options, logs in once, and runs commands until it ends.
"""

import io
import json
import logging
import shlex

from openstackclient.shell import OpenStackShell
from osc_lib.clientmanager import ClientManager

RUN = set()
OUTCOME = {'passed': 0, 'failed': 0}


class Faults(logging.Handler):
    """What the program would print to standard error."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


class Interactive(OpenStackShell):
    """Hands the commands to whoever asks instead of to a prompt."""

    def interact(self):
        return 0


def report(name, fault):
    """Counts one check and prints its line; `fault` is empty when it passed."""
    OUTCOME['failed' if fault else 'passed'] += 1
    print(f'FAILED: {name}: {fault}' if fault else f'ok: {name}', flush=True)


def wrong(found, wanted):
    """The values of `wanted` that `found` has not; a set has to be within a list, a callable has to say yes."""
    off = []
    named = {key.lower().replace(' ', '_'): value for key, value in found.items()}
    for key, want in wanted.items():
        value = named.get(key)
        if callable(want):
            right = want(value)
        elif isinstance(want, set):
            right = want <= set(value or [])
        else:
            right = value == want
        if not right:
            off.append(f'{key} is {value!r}' + ('' if callable(want) else f', not {want!r}'))
    return '; '.join(off)


class Shell:
    """One `openstack` that stays logged in: Shell('--os-cloud', 'tokenhouse')."""

    def __init__(self, *options):
        self.client = None
        self.app = Interactive()
        self.faults = Faults()
        if self.app.run(list(options)) != 0:
            raise RuntimeError(f'openstack {" ".join(options)} did not start')
        logging.getLogger('').handlers = [self.faults]

    def run(self, line, *more):
        """Runs one command; gives its exit status, what it printed, and its complaints."""
        words = shlex.split(line) + list(more)
        RUN.add(line)
        self.faults.lines.clear()
        logging.getLogger('').handlers = [self.faults]
        self.app.stdout, self.app.stderr = io.StringIO(), io.StringIO()
        # The program keeps one client for the whole process; here each Shell has its own.
        cache = vars(ClientManager)['identity']
        cache._handle = self.client
        try:
            status = self.app.run_subcommand(words)
        except SystemExit as end:
            status = end.code
        self.client = cache._handle
        # Some commands end with what they got: no exit status.
        status = status if isinstance(status, int) else 0
        return status, self.app.stdout.getvalue(), '; '.join(self.faults.lines)

    def values(self, line):
        """What a command prints as JSON; nothing when it failed (which counts)."""
        status, printed, fault = self.run(line, '-f', 'json')
        if status:
            report(f'openstack {line}', fault or f'exit {status}')
            return None
        return json.loads(printed)

    def does(self, line):
        """A command succeeds."""
        status, _, fault = self.run(line)
        report(f'openstack {line}', fault or f'exit {status}' if status else '')

    def says(self, line, text, complaint):
        """A command prints these texts to its output and to its error output."""
        status, printed, fault = self.run(line)
        said = self.app.stderr.getvalue().strip()
        report(
            f'openstack {line}',
            '' if (printed.strip(), said) == (text, complaint) else f'exit {status}: {printed} {said} {fault}',
        )

    def shows(self, line, **wanted):
        """A command shows one thing; gives it."""
        found = self.values(line)
        if found is not None:
            report(f'openstack {line}', wrong(found, wanted))
        return found or {}

    def lists(self, line, **wanted):
        """Of a list's rows one fits; gives it."""
        found = self.values(line)
        if found is None:
            return {}
        fitting = [row for row in found if not wrong(row, wanted)]
        report(f'openstack {line}', '' if fitting else f'none of {len(found)} rows has {wanted}')
        return fitting[0] if fitting else {}

    def lacks(self, line, **unwanted):
        """Of a list's rows none fits."""
        found = self.values(line)
        if found is not None:
            fitting = [row for row in found if not wrong(row, unwanted)]
            report(f'openstack {line} (without {", ".join(map(str, unwanted.values()))})', f'still {fitting}' if fitting else '')

    def fails(self, line, text):
        """A command is refused with a text."""
        status, _, fault = self.run(line)
        report(f'openstack {line} (refused)', '' if status and text in fault else f'exit {status}: {fault}')
