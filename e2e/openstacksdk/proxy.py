"""Every function of the SDK's identity proxy (`conn.identity`): create, get, find, list, update, delete of each resource."""

from checks import check, refused


def family(sdk, kind, plural, make, change, show=None):
    """A resource's whole life through its six functions; what is made last is deleted by the caller with the result."""
    create, get, update = (getattr(sdk, f'{verb}_{kind}') for verb in ('create', 'get', 'update'))
    find = getattr(sdk, f'find_{kind}', None)
    made = create(**make)
    if made.id is None:
        # Limits are created many at once: this version of the SDK sends one and does not look for it in the answer.
        made = next(getattr(sdk, plural)(resource_name=make['resource_name']))
    held = {key: value for key, value in make.items() if key not in ('password',)}
    check(f'create_{kind}', held, {key: getattr(made, key) for key in held})
    check(f'get_{kind}', held, {key: getattr(get(made.id), key) for key in held})
    if find:
        check(f'find_{kind}', made.id, find(show or made.id).id)
        check(f'find_{kind} of nothing', None, find('there-is-none-of-this-name'))
    check(plural, True, made.id in {one.id for one in getattr(sdk, plural)()})
    changed = update(made, **change)
    check(f'update_{kind}', change, {key: getattr(changed, key) for key in change})
    check(f'get_{kind} after that', change, {key: getattr(get(made.id), key) for key in change})
    return changed


def gone(sdk, kind, made, *before):
    """Deletes, and sees it gone; the second delete says nothing, or says so when it is asked to."""
    delete, get = getattr(sdk, f'delete_{kind}'), getattr(sdk, f'get_{kind}')
    delete(*before, made)
    refused(f'delete_{kind}', 404, get, *before, made.id)
    check(f'delete_{kind} again', None, delete(*before, made.id))
    refused(f'delete_{kind} again, strictly', 404, delete, *before, made.id, ignore_missing=False)


def directory(sdk):
    domain = family(
        sdk,
        'domain',
        'domains',
        {'name': 'fields', 'description': 'of grain', 'is_enabled': True},
        {'description': 'of hay'},
        'fields',
    )
    check('domains by name', [domain.id], [one.id for one in sdk.domains(name='fields')])
    check('domains that are off', [], [one.id for one in sdk.domains(is_enabled=False)])
    project = family(
        sdk,
        'project',
        'projects',
        {'name': 'garden', 'domain_id': domain.id, 'description': 'a project', 'is_enabled': True},
        {'name': 'orchard', 'description': 'trees'},
        'garden',
    )
    check('projects of a domain', {'orchard'}, {one.name for one in sdk.projects(domain_id=domain.id)})
    bed = sdk.create_project(name='bed', domain_id=domain.id, parent_id=project.id, tags=['deep'], plot='7')
    check('projects below another', ['bed'], [one.name for one in sdk.projects(parent_id=project.id)])
    check('an attribute of the operator', '7', sdk.get_project(bed.id).plot)
    check('tags at creation', ['deep'], sdk.get_project(bed.id).tags)
    bed.add_tag(sdk.inner, 'blue')
    check('a tag', ['blue', 'deep'], sorted(bed.fetch_tags(sdk.inner).tags))
    check('a tag is there', bed.id, bed.check_tag(sdk.inner, 'blue').id)
    check('projects by tag', ['bed'], [one.name for one in sdk.projects(tags='blue')])
    check('projects by other tags', [], [one.name for one in sdk.projects(domain_id=domain.id, tags='red')])
    bed.remove_tag(sdk.inner, 'blue')
    refused('no such tag', 404, bed.check_tag, sdk.inner, 'blue')
    check('tags set', ['one', 'two'], sorted(bed.set_tags(sdk.inner, ['one', 'two']).tags))
    check('tags removed', [], bed.remove_all_tags(sdk.inner).tags)
    sdk.delete_project(bed)
    user = family(
        sdk,
        'user',
        'users',
        {
            'name': 'robin',
            'domain_id': domain.id,
            'password': 'first',
            'email': 'r@example.org',
            'description': 'sings',
            'default_project_id': project.id,
            'is_enabled': True,
        },
        {'name': 'wren', 'email': 'w@example.org', 'description': 'small'},
        'robin',
    )
    check('users by name', ['wren'], [one.name for one in sdk.users(name='wren', domain_id=domain.id)])
    refused('the name is taken', 409, sdk.create_user, name='wren', domain_id=domain.id)
    everyone = {one.id for one in sdk.users()}
    check('users a page at a time', everyone, {one.id for one in sdk.users(limit=1)})
    group = family(
        sdk,
        'group',
        'groups',
        {'name': 'diggers', 'domain_id': domain.id, 'description': 'who dig'},
        {'name': 'sowers', 'description': 'who sow'},
        'diggers',
    )
    sdk.add_user_to_group(user, group)
    check('check_user_in_group', True, sdk.check_user_in_group(user, group))
    sdk.remove_user_from_group(user, group)
    check('remove_user_from_group', False, sdk.check_user_in_group(user, group))
    role = family(
        sdk,
        'role',
        'roles',
        {'name': 'planter', 'description': 'who plants'},
        {'name': 'picker', 'description': 'who picks'},
        'planter',
    )
    local = sdk.create_role(name='local', domain_id=domain.id)
    check('roles of a domain', ['local'], [one.name for one in sdk.roles(domain_id=domain.id)])
    sdk.delete_role(local)
    grants(sdk, domain, project, user, group, role)
    for kind, made in (('user', user), ('group', group), ('role', role), ('project', project)):
        gone(sdk, kind, made)
    refused('a domain that is on', 403, sdk.delete_domain, domain)
    sdk.update_domain(domain, is_enabled=False)
    gone(sdk, 'domain', domain)


def grants(sdk, domain, project, user, group, role):
    for scope, where in (('domain', domain), ('project', project), ('system', 'all')):
        for kind, who in (('user', user), ('group', group)):
            place = (who, role, where) if scope == 'system' else (where, who, role)
            given = {
                f'{kind}_id': who.id,
                'scope_system' if scope == 'system' else f'scope_{scope}_id': 'all' if scope == 'system' else where.id,
            }
            does = {
                verb: getattr(sdk, f'{verb}_{scope}_role_{link}_{kind}')
                for verb, link in (('assign', 'to'), ('unassign', 'from'))
            }
            has = getattr(sdk, f'validate_{kind}_has_{scope}_role')
            check(f'validate_{kind}_has_{scope}_role before', False, has(*place))
            does['assign'](*place)
            check(f'assign_{scope}_role_to_{kind}', True, has(*place))
            check(f'role_assignments on {scope}', [role.id], [one.role['id'] for one in sdk.role_assignments(**given)])
            if scope != 'system':
                check(
                    f'role_assignments_filter on {scope}',
                    [role.id],
                    [one.id for one in sdk.role_assignments_filter(**{scope: where, kind: who})],
                )
            does['unassign'](*place)
            check(f'unassign_{scope}_role_from_{kind}', False, has(*place))
    sdk.add_user_to_group(user, group)
    sdk.assign_project_role_to_group(project, group, role)
    found = list(sdk.role_assignments(user_id=user.id, scope_project_id=project.id, effective=True, include_names=True))
    check(
        'effective assignments through a group, with names',
        [('picker', 'wren', 'orchard')],
        [(one.role['name'], one.user['name'], one.scope['project']['name']) for one in found],
    )
    check('user_projects', ['orchard'], [one.name for one in sdk.user_projects(user)])


def catalog(sdk, above):
    region = family(sdk, 'region', 'regions', {'id': 'north', 'description': 'cold'}, {'description': 'colder'})
    sdk.create_region(id='coast', parent_region_id='north')
    check('regions below another', ['coast'], [one.id for one in sdk.regions(parent_region_id='north')])
    service = family(
        sdk,
        'service',
        'services',
        {'name': 'shed', 'type': 'storage', 'description': 'for tools', 'is_enabled': True},
        {'name': 'barn', 'description': 'for hay'},
        'shed',
    )
    check('services by type', ['barn'], [one.name for one in sdk.services(type='storage')])
    endpoint = family(
        sdk,
        'endpoint',
        'endpoints',
        {'interface': 'public', 'region_id': 'north', 'service_id': service.id, 'url': 'http://127.0.0.1:1/', 'is_enabled': True},
        {'url': 'http://127.0.0.1:2/', 'interface': 'internal'},
    )
    check('endpoints of a service', [endpoint.id], [one.id for one in sdk.endpoints(service_id=service.id, interface='internal')])
    limits(above, service)
    policy = family(sdk, 'policy', 'policies', {'type': 'application/json', 'blob': '{}'}, {'type': 'text/plain', 'blob': 'none'})
    for kind, made in (('endpoint', endpoint), ('policy', policy), ('service', service), ('region', region)):
        gone(sdk, kind, made)
    check('a region takes those below along', None, sdk.find_region('coast'))


def limits(sdk, service):
    project = sdk.create_project(name='stable', domain_id='default')
    made = family(
        sdk,
        'registered_limit',
        'registered_limits',
        {'service_id': service.id, 'region_id': 'north', 'resource_name': 'cows', 'default_limit': 5, 'description': 'how many'},
        {'default_limit': 6, 'description': 'how many now'},
    )
    own = family(
        sdk,
        'limit',
        'limits',
        {
            'service_id': service.id,
            'region_id': 'north',
            'resource_name': 'cows',
            'resource_limit': 3,
            'project_id': project.id,
            'description': 'for us',
        },
        {'resource_limit': 2, 'description': 'fewer'},
    )
    check('limits of a resource', [2], [one.resource_limit for one in sdk.limits(resource_name='cows', service_id=service.id)])
    refused('a limit that others stand on', 403, sdk.delete_registered_limit, made)
    # delete_limit of this version trips over its own parameter; the resource itself deletes well.
    own.delete(sdk.inner)
    refused('a limit deletes itself', 404, sdk.get_limit, own.id)
    gone(sdk, 'registered_limit', made)
    sdk.delete_project(project)


def federation(sdk):
    domain = sdk.create_domain(name='friends-domain')
    rules = [{'local': [{'user': {'name': '{0}'}}], 'remote': [{'type': 'sub'}]}]
    other = [{'local': [{'user': {'name': '{0}'}}], 'remote': [{'type': 'email'}]}]
    mapping = family(sdk, 'mapping', 'mappings', {'id': 'friendly', 'rules': rules}, {'rules': other})
    provider = family(
        sdk,
        'identity_provider',
        'identity_providers',
        {'id': 'friends', 'domain_id': domain.id, 'description': 'of friends', 'is_enabled': True, 'remote_ids': ['https://one']},
        {'description': 'of others', 'is_enabled': False, 'remote_ids': ['https://two']},
    )
    check('identity_providers that are on', [], [one.id for one in sdk.identity_providers(is_enabled=True)])
    sdk.create_mapping(id='second', rules=rules)
    made = sdk.create_federation_protocol('friends', id='openid', mapping_id='friendly')
    check('create_federation_protocol', ('openid', 'friendly'), (made.id, made.mapping_id))
    check('get_federation_protocol', 'friendly', sdk.get_federation_protocol('friends', 'openid').mapping_id)
    check('find_federation_protocol', 'openid', sdk.find_federation_protocol('friends', 'openid').id)
    check('federation_protocols', ['openid'], [one.id for one in sdk.federation_protocols('friends')])
    check(
        'update_federation_protocol',
        'second',
        sdk.update_federation_protocol('friends', 'openid', mapping_id='second').mapping_id,
    )
    gone(sdk, 'federation_protocol', made, 'friends')
    gone(sdk, 'mapping', mapping)
    sdk.delete_mapping('second')
    gone(sdk, 'identity_provider', provider)
    sdk.update_domain(domain, is_enabled=False)
    sdk.delete_domain(domain)


def delegation(sdk, me, project):
    """`me` and `project` are the ids that the SDK's own session has."""
    friend = sdk.create_user(name='friend', password='a-password', domain_id='default')
    credential = family(
        sdk,
        'credential',
        'credentials',
        {'type': 'cert', 'blob': 'a blob', 'user_id': friend.id, 'project_id': project},
        {'blob': 'another blob'},
    )
    check('credentials of somebody', [credential.id], [one.id for one in sdk.credentials(user_id=friend.id, type='cert')])
    gone(sdk, 'credential', credential)
    role = sdk.find_role('reader')
    trust = sdk.create_trust(
        trustor_user_id=me,
        trustee_user_id=friend.id,
        project_id=project,
        is_impersonation=True,
        roles=[{'id': role.id}],
        expires_at='2099-01-01T00:00:00.000000Z',
        remaining_uses=3,
    )
    check('create_trust', (True, 3, friend.id), (trust.is_impersonation, trust.remaining_uses, trust.trustee_user_id))
    check('get_trust', ['reader'], [one['name'] for one in sdk.get_trust(trust.id).roles])
    check('find_trust', trust.id, sdk.find_trust(trust.id).id)
    check('trusts', [trust.id], [one.id for one in sdk.trusts(trustor_user_id=me)])
    gone(sdk, 'trust', trust)
    made = sdk.create_application_credential(
        me, 'robot', secret='hush', description='of a robot', roles=[{'name': 'reader'}], expires_at='2099-01-01T00:00:00.000000'
    )
    check(
        'create_application_credential',
        ('robot', 'hush', 'of a robot', None),
        (made.name, made.secret, made.description, made.unrestricted),
    )
    found = sdk.get_application_credential(me, made.id)
    check('get_application_credential', ('robot', None, project), (found.name, found.secret, found.project_id))
    check('find_application_credential', made.id, sdk.find_application_credential(me, 'robot').id)
    check('application_credentials', ['robot'], [one.name for one in sdk.application_credentials(me)])
    return friend, made
