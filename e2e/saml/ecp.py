"""keystoneauth's SAML plugin (Debian's python3-keystoneauth1) against a Tokenhouse.

    ecp.py AUTH_URL PROVIDER PROVIDER_URL PASSWORD     prints `user|project|roles`, or why not
"""
import sys

from keystoneauth1 import exceptions, loading, session

auth_url, provider, provider_url, password = sys.argv[1:]
auth = loading.get_plugin_loader('v3samlpassword').load_from_options(
    auth_url=auth_url, identity_provider=provider, protocol='saml2', identity_provider_url=provider_url,
    username='bob', password=password, project_name='alpha', project_domain_name='Default')
try:
    access = auth.get_access(session.Session())
    print(access.username, access.project_name, ','.join(sorted(access.role_names)), sep='|')
except exceptions.AuthorizationFailure:
    print('the provider refuses')
except exceptions.HttpError as error:
    print(error.http_status)
