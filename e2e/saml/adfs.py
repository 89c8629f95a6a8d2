"""keystoneauth's AD FS plugin (Debian's python3-keystoneauth1) against a Tokenhouse.

    adfs.py AUTH_URL PROVIDER STS_URL CONSUMER_URL PASSWORD ENTITY_ID     prints `user|project|roles`, or why not
"""
import sys

from keystoneauth1 import exceptions, loading, session

auth_url, provider, sts_url, consumer_url, password, entity_id = sys.argv[1:]
auth = loading.get_plugin_loader('v3adfspassword').load_from_options(
    auth_url=auth_url, identity_provider=provider, protocol='saml2', identity_provider_url=sts_url,
    service_provider_endpoint=consumer_url, service_provider_entity_id=entity_id,
    username='bob', password=password, project_name='alpha', project_domain_name='Default')
try:
    access = auth.get_access(session.Session())
    print(access.username, access.project_name, ','.join(sorted(access.role_names)), sep='|')
except exceptions.AuthorizationFailure as error:
    print(error.message)
except exceptions.HttpError as error:
    print(error.http_status)
