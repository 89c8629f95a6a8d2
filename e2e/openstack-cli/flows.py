"""flows.py URL ADMIN_PASSWORD: keystoneauth's own ways in: password, token, unscoped, scopes."""
import sys

from keystoneauth1 import exceptions, session
from keystoneauth1.identity import v3

url, password = sys.argv[1:3]
who = {'auth_url': url, 'username': 'admin', 'password': password, 'user_domain_name': 'Default'}
project = {'project_name': 'admin', 'project_domain_name': 'Default'}


def opened(plugin):
    """Logs in; gives the session and what the token says of itself."""
    found = session.Session(auth=plugin)
    return found, plugin.get_access(found)


scoped, access = opened(v3.Password(**who, **project))
assert access.project_scoped and access.project_name == 'admin' and 'admin' in access.role_names
assert scoped.get_endpoint(service_type='identity', interface='public').rstrip('/') == url.rstrip('/')
assert scoped.get('/users', endpoint_filter={'service_type': 'identity', 'version': 3}).status_code == 200

bare, access = opened(v3.Password(**who, unscoped=True))
assert not access.scoped and not access.role_names
token = bare.get_token()

again, access = opened(v3.Token(auth_url=url, token=token, **project))
assert access.project_scoped and again.get_token() != token
rescoped, access = opened(v3.Token(auth_url=url, token=again.get_token(), unscoped=True))
assert not access.scoped

_, access = opened(v3.Password(**who, domain_id='default'))
assert access.domain_scoped and access.domain_id == 'default'
_, access = opened(v3.Password(**who, system_scope='all'))
assert access.system_scoped

for plugin in (
    v3.Password(**{**who, 'password': 'wrong'}, **project),
    v3.Password(**{**who, 'username': 'nobody'}, **project),
    v3.Password(**who, project_name='nothing', project_domain_name='Default'),
):
    try:
        opened(plugin)
    except exceptions.Unauthorized:
        continue
    raise AssertionError(f'let in: {plugin}')

# A token that was revoked is no longer accepted, and the session gets itself another one.
old = scoped.get_token()
scoped.delete(f'{url}/auth/tokens', headers={'X-Subject-Token': old})
assert scoped.get('/projects', endpoint_filter={'service_type': 'identity', 'version': 3}).status_code == 200
assert scoped.get_token() != old
print('keystoneauth: password, token, unscoped, domain, system, refusals, renewal')
