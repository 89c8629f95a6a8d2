"""What people do with their own account, and what they lend: credentials, trusts, OAuth, federation."""

import json

from shell import Shell, report
from world import admin, file, password, person, system, url, where


def credentials():
    made = admin.shows('credential create --type cert --project garden robin "a blob"', type='cert', blob='a blob')
    admin.lists('credential list --user robin --type cert', type='cert', data='a blob')
    # Debian's Keystone refuses it too: whose a credential is, and what for, stays (CVE-2020-12691).
    admin.fails(f'credential set --user robin --type note --data changed --project garden {made.get("id")}', 'user_id')
    admin.shows(f'credential show {made.get("id")}', type='cert', blob='a blob')
    admin.does(f'credential delete {made.get("id")}')
    admin.lacks('credential list', id=made.get('id'))
    key = admin.shows(
        'ec2 credentials create --user robin --project garden', access=lambda value: value, secret=lambda value: value
    )
    admin.lists('ec2 credentials list --user robin', access=key.get('access'), secret=key.get('secret'))
    admin.shows(f'ec2 credentials show --user robin {key.get("access")}', secret=key.get('secret'))
    admin.does(f'ec2 credentials delete --user robin {key.get("access")}')
    admin.lacks('ec2 credentials list --user robin', access=key.get('access'))


def own():
    """What people do with their own account."""
    robin = person('robin', 'first')
    garden = admin.shows('project show garden', name='garden').get('id')
    robin.shows('token issue', project_id=garden, id=lambda value: value, expires=lambda value: value)
    rules = json.dumps([{'service': 'identity', 'method': 'GET', 'path': '/v3/projects/*'}])
    made = robin.shows(
        f"application credential create --secret hush --role member --description 'of a robot' --expiration 2099-01-01T00:00:00 "
        f"--restricted --access-rules '{rules}' robot",
        name='robot',
        secret='hush',
        roles='member',
        unrestricted=False,
        description='of a robot',
    )
    robin.lists(
        'application credential list',
        name='robot',
        description='of a robot',
        expires_at=lambda value: value.startswith('2099-01-01'),
    )
    robin.shows('application credential show robot', name='robot', expires_at=lambda value: value.startswith('2099-01-01'))
    robin.fails('application credential create robot', '409')
    rule = robin.lists('access rule list', service='identity', method='GET', path='/v3/projects/*')
    robin.shows(f'access rule show {rule.get("ID")}', service='identity', method='GET', path='/v3/projects/*')
    robin.fails(f'access rule delete {rule.get("ID")}', 'failed to delete')
    system.lists('application credential list --user robin', name='robot')
    system.lists('access rule list --user robin', path='/v3/projects/*')
    kept = ['--os-auth-type', 'v3applicationcredential', '--os-application-credential-secret', 'hush']
    robot = Shell(*where, *kept, '--os-application-credential-id', made.get('id'))
    robot.shows('token issue', project_id=lambda value: value)
    robot.shows(f'project show {garden}', name='garden')
    robot.fails('user list', '403')
    robin.does('application credential delete robot')
    robin.does(f'access rule delete {rule.get("ID")}')
    robin.lacks('access rule list', path='/v3/projects/*')
    robin.shows('application credential create --unrestricted robot', unrestricted=True, secret=lambda value: len(value) > 40)
    robin.does('application credential delete robot')
    robin.fails('user list', '403')
    robin.fails('user password set --original-password wrong --password second', '401')
    robin.does('user password set --original-password first --password second')
    person('robin', 'second').shows('token issue', project_id=lambda value: value)
    try:
        person('robin', 'first').fails('token issue', '401')
    except RuntimeError as refused:
        report('openstack token issue', str(refused))
    admin.does('user set --password third robin')
    token = person('robin', 'third').shows('token issue')['id']
    bearer = Shell(
        *where,
        '--os-auth-type',
        'v3token',
        '--os-token',
        token,
        '--os-project-name',
        'garden',
        '--os-project-domain-id',
        'default',
    )
    bearer.shows('token issue', project_id=lambda value: value)
    admin.does(f'token revoke {token}')
    Shell(
        *where,
        '--os-auth-type',
        'v3token',
        '--os-token',
        token,
        '--os-project-name',
        'garden',
        '--os-project-domain-id',
        'default',
    ).fails('token issue', '40')
    admin.lists('federation project list', name='admin', enabled=True)
    person('robin', 'third').lists('federation project list', name='garden', enabled=True)
    admin.does('role add --domain orchard --user robin reader')
    person('robin', 'third').lists('federation domain list', name='orchard', enabled=True)
    system.shows('token issue', system='all')
    person('robin', 'third', '--os-domain-name', 'orchard').shows('token issue', domain_id=lambda value: value)


def trusts():
    robin = person('robin', 'third')
    # Somebody who may not look up people and roles gives their ids.
    member, forbidden = (admin.shows(f'role show {name}', name=name).get('id') for name in ('member', 'admin'))
    trustor, trustee = (admin.shows(f'user show {name}', name=name).get('id') for name in ('robin', 'admin'))
    garden = admin.shows('project show garden', name='garden').get('id')
    made = robin.shows(
        f'trust create --project {garden} --role {member} --impersonate --expiration 2099-01-01T00:00:00 {trustor} {trustee}',
        impersonation=True,
        expires_at=lambda value: value.startswith('2099-01-01'),
        roles='member',
    )
    admin.lists('trust list', id=made.get('id'), impersonation=True)
    robin.shows(f'trust show {made.get("id")}', impersonation=True, roles='member')
    taken = Shell(
        *where,
        '--os-auth-type',
        'v3password',
        '--os-username',
        'admin',
        '--os-password',
        password,
        '--os-user-domain-id',
        'default',
        '--os-trust-id',
        made.get('id', ''),
    )
    taken.shows('token issue', user_id=trustor, project_id=lambda value: value)
    robin.does(f'trust delete {made.get("id")}')
    robin.fails(f'trust show {made.get("id")}', '40')
    robin.fails(f'trust create --project {garden} --role {forbidden} {trustor} {trustee}', '40')


def oauth():
    consumer = admin.shows('consumer create --description "a program"', description='a program', secret=lambda value: value)
    admin.lists('consumer list', id=consumer.get('id'), description='a program')
    admin.does(f'consumer set --description "another program" {consumer.get("id")}')
    admin.shows(f'consumer show {consumer.get("id")}', description='another program')
    known = f'--consumer-key {consumer.get("id")} --consumer-secret {consumer.get("secret")}'
    request = admin.shows(
        f'request token create {known} --project garden',
        id=lambda value: value,
        key=lambda value: value,
        secret=lambda value: value,
    )
    admin.does('role add --project garden --user admin member')
    pin = admin.shows(
        f'request token authorize --request-key {request.get("id")} --role member', oauth_verifier=lambda value: value
    )
    exchange = (
        f'access token create {known} --request-key {request.get("key")} --request-secret {request.get("secret")} --verifier'
    )
    admin.fails(f'{exchange} wrong', '40')
    access = admin.shows(
        f'{exchange} {pin.get("oauth_verifier")}', id=lambda value: value, key=lambda value: value, secret=lambda value: value
    )
    signed = Shell(
        *where,
        '--os-auth-type',
        'v3oauth1',
        '--os-consumer-key',
        consumer.get('id'),
        '--os-consumer-secret',
        consumer.get('secret'),
        '--os-access-key',
        access.get('key'),
        '--os-access-secret',
        access.get('secret'),
    )
    signed.shows('token issue', project_id=lambda value: value)
    admin.does(f'consumer delete {consumer.get("id")}')
    admin.lacks('consumer list', id=consumer.get('id'))


def federation():
    admin.shows(
        'identity provider create --remote-id https://one --remote-id https://two --description "of friends" --domain orchard friends',
        id='friends',
        remote_ids={'https://one', 'https://two'},
        description='of friends',
        enabled=True,
    )
    admin.lists('identity provider list', id='friends', enabled=True)
    admin.lists('identity provider list --enabled', id='friends')
    admin.does('identity provider set --description "of others" --remote-id https://three --disable friends')
    admin.shows('identity provider show friends', remote_ids=['https://three'], description='of others', enabled=False)
    to = lambda name: [
        {
            'local': [{'user': {'name': '{0}'}}, {'group': {'name': name, 'domain': {'name': 'Default'}}}],
            'remote': [{'type': 'sub'}],
        }
    ]
    first, second = file('first.json', to('diggers')), file('second.json', to('planters'))
    admin.shows(f'mapping create --rules {first} friendly', id='friendly', rules=to('diggers'))
    admin.lists('mapping list', id='friendly')
    admin.does(f'mapping set --rules {second} friendly')
    admin.shows('mapping show friendly', rules=to('planters'))
    admin.shows(f'mapping create --rules {first} other', id='other')
    admin.shows(
        'federation protocol create --identity-provider friends --mapping friendly openid',
        id='openid',
        mapping='friendly',
        identity_provider='friends',
    )
    admin.lists('federation protocol list --identity-provider friends', id='openid', mapping='friendly')
    admin.does('federation protocol set --identity-provider friends --mapping other openid')
    admin.shows('federation protocol show --identity-provider friends openid', mapping='other')
    admin.does('federation protocol delete --identity-provider friends openid')
    admin.does('mapping delete friendly other')
    admin.does('identity provider delete friends')
    admin.fails('identity provider show friends', 'friends')
    admin.shows(
        'service provider create --auth-url https://sp/auth --service-provider-url https://sp/acs --description "next door" neighbour',
        id='neighbour',
        auth_url='https://sp/auth',
        sp_url='https://sp/acs',
        description='next door',
        enabled=True,
    )
    admin.lists('service provider list', id='neighbour', enabled=True)
    admin.does(
        'service provider set --auth-url https://sp2/auth --service-provider-url https://sp2/acs --description moved --disable neighbour'
    )
    admin.shows(
        'service provider show neighbour',
        auth_url='https://sp2/auth',
        sp_url='https://sp2/acs',
        description='moved',
        enabled=False,
    )
    admin.does('service provider delete neighbour')
    admin.lacks('service provider list', id='neighbour')
