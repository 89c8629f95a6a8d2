"""keystoneauth's OpenID Connect plugins (Debian's python3-keystoneauth1) against a Tokenhouse.

    plugins.py AUTH_URL ISSUER PLUGIN [CLIENT | CODE]     prints `user project roles`, or the HTTP status of the refusal
"""
import sys

import requests
from keystoneauth1 import exceptions, session
from keystoneauth1.identity.v3 import oidc

auth_url, issuer, plugin, *rest = sys.argv[1:]
client = rest[0] if rest else 'cli'
common = dict(
    auth_url=auth_url, identity_provider='acme', protocol='openid',
    project_name='alpha', project_domain_name='Default')
asking = dict(
    client_id=client, client_secret=client + '-secret',
    discovery_endpoint=issuer + '/.well-known/openid-configuration')


def password_token():
    answer = requests.post(issuer + '/token', auth=(client, client + '-secret'), data={
        'grant_type': 'password', 'username': 'bob', 'password': 'x', 'scope': 'openid profile'})
    return answer.json()['access_token']


def authorization_code(kind):
    """With a code that a browser was given; the plugin exchanges it as the client `tokenhouse`."""
    return oidc.OidcAuthorizationCode(
        client_id='tokenhouse', client_secret='tokenhouse-secret', code=client,
        redirect_uri='http://127.0.0.1/done', access_token_type=kind,
        discovery_endpoint=asking['discovery_endpoint'], **common)


made = {
    'v3oidcpassword': lambda: oidc.OidcPassword(
        username='bob', password='x', scope='openid profile', **common, **asking),
    'v3oidcclientcredentials': lambda: oidc.OidcClientCredentials(scope='openid', **common, **asking),
    'v3oidcaccesstoken': lambda: oidc.OidcAccessToken(access_token=password_token(), **common),
    'v3oidcauthcode': lambda: authorization_code('access_token'),
    'v3oidcauthcode-id': lambda: authorization_code('id_token'),
    'garbage': lambda: oidc.OidcAccessToken(access_token='garbage', **common),
}
auth = made[plugin]()
try:
    access = auth.get_access(session.Session())
    print(access.username, access.project_name, ','.join(sorted(access.role_names)), sep='|')
except exceptions.HttpError as error:
    print(error.http_status)
