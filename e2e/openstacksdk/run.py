"""run.py URL ADMIN_PASSWORD: openstacksdk against a Keystone v3 endpoint, function by function.

The last checks are that no function of `conn.identity`, and none about identity of the connection itself, was left out.
"""

import sys
import traceback

import layer
import proxy
from checks import OUTCOME, Noted, check, not_called, refused
from openstack import connection
from openstack.cloud._identity import IdentityCloudMixin
from openstack.identity.v3._proxy import Proxy

url, password = sys.argv[1:3]


def connected(**auth):
    return connection.Connection(
        auth={'auth_url': url, **auth}, region_name='RegionOne', identity_api_version='3', **kind_of(auth)
    )


def kind_of(auth):
    return {'auth_type': 'v3applicationcredential'} if 'application_credential_id' in auth else {}


default = {'user_domain_id': 'default', 'project_domain_id': 'default'}
conn = connected(username='admin', password=password, project_name='admin', **default)
sdk, cloud = Noted(conn.identity, 'identity'), Noted(conn, 'cloud')
check('current_user_id', conn.current_user_id, conn.identity.find_user('admin').id)
check('current_project', 'admin', conn.current_project.name)


def part(run, *args):
    """Runs one part; an error that nobody expected counts, and the others still run."""
    try:
        return run(*args)
    except Exception:
        check(f'{run.__name__} runs to its end', None, traceback.format_exc())
        return None


part(proxy.directory, sdk)
# All limits are seen with a role on the system only.
above = connected(username='admin', password=password, system_scope='all', user_domain_id='default')
part(proxy.catalog, sdk, Noted(above.identity, 'identity'))
part(proxy.federation, sdk)
friend, robot = proxy.delegation(sdk, conn.current_user_id, conn.current_project_id)

# Somebody else: what an application credential may do and what a plain user may not.
machine = connected(application_credential_id=robot.id, application_credential_secret='hush')
check('an application credential signs in', conn.current_project_id, machine.current_project_id)
refused('and may not do what was not lent', 403, machine.identity.create_project, name='more')
proxy.gone(sdk, 'application_credential', robot, conn.current_user_id)
refused('it ends with the credential', 401, lambda: list(machine.identity.user_projects(conn.current_user_id)))
home = sdk.create_project(name='home', domain_id='default')
sdk.assign_project_role_to_user(home, friend, sdk.find_role('member'))
plain = connected(username='friend', password='a-password', project_name='home', **default)
check('user_projects of oneself', ['home'], [one.name for one in plain.identity.user_projects(friend.id)])
refused('users by a plain member', 403, lambda: list(plain.identity.users()))
check(
    'connect_as',
    friend.id,
    conn.connect_as(username='friend', password='a-password', project_name='home', **default).current_user_id,
)
check('connect_as_project', 'admin', conn.connect_as_project('admin').current_project.name)
sdk.delete_user(friend)
sdk.delete_project(home)
refused(
    'a wrong password',
    401,
    lambda: connected(username='admin', password='wrong', project_name='admin', **default).identity.get('/projects'),
)

part(layer.accounts, cloud)
part(layer.services, cloud)

check('functions of conn.identity left out', ['delete_limit'], not_called(Proxy, 'identity'))
check('functions of conn left out', [], not_called(IdentityCloudMixin, 'cloud'))
print(f'{OUTCOME["passed"]} functions as they should be, {OUTCOME["failed"]} not')
sys.exit(1 if OUTCOME['failed'] else 0)
