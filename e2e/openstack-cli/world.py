"""Who runs the commands, and where: URL ADMIN_PASSWORD FOLDER are this program's arguments."""

import json
import os
import sys

from shell import Shell

url, password, folder = sys.argv[1:4]
where = ['--os-auth-url', url, '--os-identity-api-version', '3']
home = ['--os-user-domain-id', 'default', '--os-project-domain-id', 'default']


def person(name, secret, *scope):
    """An `openstack` of somebody of the default domain, in the project `garden` unless a scope is given."""
    return Shell(*where, *home, '--os-username', name, '--os-password', secret, *(scope or ('--os-project-name', 'garden')))


def file(name, content):
    """The path of a new file with JSON in it."""
    path = os.path.join(folder, name)
    with open(path, 'w', encoding='utf8') as out:
        json.dump(content, out)
    return path


admin = person('admin', password, '--os-project-name', 'admin')
system = person('admin', password, '--os-system-scope', 'all')
