"""Domains, projects, users, groups, roles and who has them."""

from world import admin


def domains():
    admin.shows('domain create --description "of grain" fields', name='fields', description='of grain', enabled=True)
    admin.shows('domain create --or-show fields', name='fields')
    admin.fails('domain create fields', '409')
    admin.lists('domain list', name='fields', enabled=True, description='of grain')
    admin.lists('domain list --name fields', name='fields')
    admin.lists('domain list --enabled', name='fields')
    admin.shows('domain show fields', name='fields', tags=[])
    admin.fails('domain delete fields', 'disable')
    admin.does('domain set --name meadows --description "of grass" --disable fields')
    admin.shows('domain show meadows', description='of grass', enabled=False)
    admin.lacks('domain list --enabled', name='meadows')
    admin.does('domain delete meadows')
    admin.fails('domain show meadows', 'meadows')


def projects():
    admin.shows(
        'project create --description "a project" --tag blue --tag green --property plot=7 garden',
        name='garden',
        description='a project',
        tags={'blue', 'green'},
        plot='7',
        enabled=True,
        domain_id='default',
        parent_id='default',
        is_domain=False,
    )
    bed = admin.shows('project create --domain default --parent garden bed', name='bed')
    admin.shows('project create --or-show garden', name='garden')
    admin.fails('project create garden', '409')
    found = admin.shows('project show --children garden', name='garden', subtree=lambda tree: bed['id'] in tree)
    admin.shows('project show --parents bed', parents=lambda tree: found['id'] in tree)
    admin.lists('project list --long --domain default', name='bed', enabled=True)
    admin.lists('project list --parent garden', name='bed')
    admin.lists('project list --my-projects', name='admin')
    admin.lists('project list --user admin', name='admin')
    admin.lists('project list --sort name:desc', name='garden')
    admin.lists('project list --tags blue,green', name='garden')
    admin.lists('project list --tags-any blue,red', name='garden')
    admin.lacks('project list --not-tags blue,green', name='garden')
    admin.lacks('project list --not-tags-any blue,red', name='garden')
    admin.does('project set --name plot --description changed --disable --property plot=8 --tag red bed')
    admin.shows('project show plot', description='changed', enabled=False, plot='8', tags=['red'])
    admin.does('project set --remove-tag red --enable plot')
    admin.shows('project show plot', enabled=True, tags=[])
    admin.does('project set --tag one --clear-tags plot')
    admin.does('project delete plot')
    admin.fails('project show plot', 'plot')


def users():
    admin.shows(
        'user create --domain default --project garden --password first --email a@example.org --description "of the garden" robin',
        name='robin',
        email='a@example.org',
        description='of the garden',
        enabled=True,
        domain_id='default',
        options={},
        password_expires_at=None,
        default_project_id=lambda value: value,
    )
    admin.shows(
        'user create --password other --ignore-password-expiry --enable-lock-password --multi-factor-auth-rule password,totp --disable wren',
        enabled=False,
        options={'ignore_password_expiry': True, 'lock_password': True, 'multi_factor_auth_rules': [['password', 'totp']]},
    )
    admin.shows('user create --or-show robin', name='robin')
    admin.fails('user create robin', '409')
    admin.lists('user list --long', name='robin', email='a@example.org', enabled=True)
    admin.lists('user list --domain default', name='wren')
    admin.does(
        'user set --name jenny --email j@example.org --description small --enable --disable-lock-password --no-ignore-password-expiry '
        '--ignore-lockout-failure-attempts --ignore-change-password-upon-first-use --enable-multi-factor-auth --project garden wren'
    )
    admin.shows(
        'user show --domain default jenny',
        name='jenny',
        email='j@example.org',
        enabled=True,
        options=lambda kept: kept['ignore_lockout_failure_attempts'] is True and kept['lock_password'] is False,
    )
    admin.does('user delete jenny')
    admin.fails('user show jenny', 'jenny')
    admin.fails('user show nobody', 'nobody')


def groups():
    admin.shows(
        'group create --domain default --description "who dig" gardeners',
        name='gardeners',
        description='who dig',
        domain_id='default',
    )
    admin.shows('group create --or-show gardeners', name='gardeners')
    admin.does('group add user gardeners robin')
    admin.says('group contains user gardeners robin', 'robin in group gardeners', '')
    admin.lists('group list --user robin', name='gardeners')
    admin.lists('user list --group gardeners', name='robin')
    admin.lists('group list --long --domain default', name='gardeners', description='who dig')
    admin.does('group remove user gardeners robin')
    admin.says('group contains user gardeners robin', '', 'robin not in group gardeners')
    admin.lacks('user list --group gardeners', name='robin')
    admin.does('group set --name diggers --description "who dig deep" gardeners')
    admin.shows('group show diggers', name='diggers', description='who dig deep')


def roles():
    admin.shows('role create --description "who plants" planter', name='planter', description='who plants', domain_id=None)
    admin.shows('role create --or-show planter', name='planter')
    admin.does('domain create orchard')
    admin.shows('role create --domain orchard picker', name='picker', domain_id=lambda value: value)
    admin.lists('role list', name='planter')
    admin.lists('role list --domain orchard', name='picker')
    admin.does('role set --name sower --description "who sows" planter')
    admin.shows('role show sower', name='sower', description='who sows')
    admin.shows('implied role create sower --implied-role reader', implies=lambda value: value)
    admin.lists('implied role list', prior_role_name='sower', implied_role_name='reader')
    for scope in ('--project garden', '--domain orchard', '--system all'):
        kind = scope.split()[0][2:]
        want = {'project': 'garden@Default', 'domain': 'orchard', 'system': 'all'}[kind]
        for who, name in (('--user robin', 'robin@Default'), ('--group diggers', 'diggers@Default')):
            column = who.split()[0][2:]
            admin.does(f'role add {scope} {who} sower')
            admin.lists(f'role assignment list {scope} {who} --names', role='sower', **{column: name, kind: want})
            admin.does(f'role remove {scope} {who} sower')
            admin.lacks(f'role assignment list {scope} {who} --names', role='sower')
    admin.does('role add --domain orchard --user robin --inherited sower')
    admin.lists('role assignment list --user robin --domain orchard --inherited --names', role='sower', inherited=True)
    admin.does('role remove --domain orchard --user robin --inherited sower')
    admin.does('role add --domain orchard --user robin --role-domain orchard picker')
    admin.lists('role assignment list --role picker --role-domain orchard --names', role='picker', user='robin@Default')
    admin.does('role remove --domain orchard --user robin --role-domain orchard picker')
    admin.does('role add --project garden --group diggers sower')
    admin.does('group add user diggers robin')
    admin.lists('role assignment list --project garden --user robin --effective --names', role='reader', user='robin@Default')
    admin.lists(
        'role assignment list --auth-user --auth-project --names', role='admin', user='admin@Default', project='admin@Default'
    )
    admin.does('implied role delete sower --implied-role reader')
    admin.lacks('implied role list', prior_role_name='sower')
    admin.does('role remove --project garden --group diggers sower')
    admin.does('role delete --domain orchard picker')
    admin.does('role delete sower')
    admin.fails('role show sower', 'sower')
    admin.does('role add --user robin --project garden member')
    admin.lists('user list --project garden', name='robin')
    admin.fails('role add --user robin --project garden nothing', 'nothing')
