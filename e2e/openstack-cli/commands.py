"""commands.py URL ADMIN_PASSWORD FOLDER: every `openstack` command on identity, each with what it has to print.

The last check is that none was left out: the commands that Debian's package registers are the list.
"""

import sys
from importlib import metadata

from catalog import catalog, limits
from delegation import credentials, federation, oauth, own, trusts
from directory import domains, groups, projects, roles, users
from shell import OUTCOME, RUN, report
from world import admin, url


def end():
    """What was left over goes, and goes where it is shown."""
    admin.lists('versions show', service_type='identity', version=lambda value: value.startswith('3.'), status='CURRENT')
    admin.shows('configuration show', auth_url=url, identity_api_version='3')
    admin.does('user delete --domain default robin')
    admin.does('group delete --domain default diggers')
    made = admin.lists('endpoint list --service barn', region='north', service_type='storage-barn')
    admin.does(f'endpoint delete {made.get("ID")}')
    admin.lacks('endpoint list', id=made.get('ID'))
    admin.does('service delete barn')
    admin.fails('service show barn', 'barn')
    admin.does('region delete north')
    admin.does('project delete --domain default garden')
    admin.does('domain set --disable orchard')
    admin.does('domain delete orchard')


for part in (domains, projects, users, groups, roles, catalog, limits, credentials, own, trusts, oauth, federation, end):
    part()
commands = {entry.name.replace('_', ' ') for entry in metadata.entry_points(group='openstack.identity.v3')}
left = sorted(name for name in commands if not any(line.startswith(f'{name} ') or line == name for line in RUN))
report(f'all {len(commands)} commands were run', ', '.join(left))
print(f'{OUTCOME["passed"]} commands as they should be, {OUTCOME["failed"]} not')
sys.exit(1 if OUTCOME['failed'] else 0)
