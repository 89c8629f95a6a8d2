"""The layer above the proxy (`conn.create_user` and the like), which Ansible's modules and operators' scripts use."""

from checks import check


def ids(found):
    return {one['id'] for one in found}


def accounts(cloud):
    domain = cloud.create_domain('meadows', description='of grass')
    check('create_domain', ('meadows', 'of grass', True), (domain.name, domain.description, domain.is_enabled))
    check('get_domain', domain.id, cloud.get_domain(name_or_id='meadows').id)
    check('list_domains', True, domain.id in ids(cloud.list_domains()))
    check('search_domains', {domain.id}, ids(cloud.search_domains(name_or_id='meadows')))
    check('update_domain', 'of hay', cloud.update_domain(domain.id, description='of hay').description)
    project = cloud.create_project('stable', domain.id, description='for horses')
    check('get_project', project.id, cloud.get_project('stable', domain_id=domain.id).id)
    check('list_projects', {project.id}, ids(cloud.list_projects(domain_id=domain.id)))
    check('search_projects', {project.id}, ids(cloud.search_projects('stable', domain_id=domain.id)))
    check('update_project', 'for cows', cloud.update_project(project.id, domain_id=domain.id, description='for cows').description)
    check('update_project, off', False, cloud.update_project('stable', enabled=False, domain_id=domain.id).is_enabled)
    user = cloud.create_user(
        'heron', password='first', email='h@example.org', default_project=None, domain_id=domain.id, description='fishes'
    )
    check('create_user', ('heron', 'h@example.org', 'fishes'), (user.name, user.email, user.description))
    check('get_user', user.id, cloud.get_user('heron', domain_id=domain.id).id)
    check('get_user_by_id', 'heron', cloud.get_user_by_id(user.id).name)
    check('list_users', {user.id}, ids(cloud.list_users(domain_id=domain.id)))
    check('search_users', {user.id}, ids(cloud.search_users('heron', domain_id=domain.id)))
    check(
        'update_user',
        'stands',
        cloud.update_user('heron', domain_id=domain.id, description='stands', password='second').description,
    )
    group = cloud.create_group('fishers', 'who fish', domain=domain.id)
    check('create_group', ('fishers', 'who fish'), (group.name, group.description))
    check('get_group', group.id, cloud.get_group('fishers').id)
    check('list_groups', {group.id}, ids(cloud.list_groups(domain_id=domain.id)))
    check('search_groups', {group.id}, ids(cloud.search_groups('fishers', domain_id=domain.id)))
    check('update_group', 'who sleep', cloud.update_group('fishers', description='who sleep', domain_id=domain.id).description)
    cloud.add_user_to_group(user.id, group.id)
    check('is_user_in_group', True, cloud.is_user_in_group(user.id, group.id))
    cloud.remove_user_from_group(user.id, group.id)
    check('remove_user_from_group', False, cloud.is_user_in_group(user.id, group.id))
    roles(cloud, domain, project, user, group)
    check('delete_user', True, cloud.delete_user('heron', domain_id=domain.id))
    check('delete_user again', False, cloud.delete_user('heron', domain_id=domain.id))
    check('delete_group', True, cloud.delete_group('fishers'))
    check('delete_group again', False, cloud.delete_group('fishers'))
    check('delete_project', True, cloud.delete_project(project.id))
    check('delete_project again', False, cloud.delete_project(project.id))
    check('delete_domain', True, cloud.delete_domain(domain.id))
    check('get_domain after that', None, cloud.get_domain(name_or_id='meadows'))


def roles(cloud, domain, project, user, group):
    role = cloud.create_role('fisher')
    check('create_role', 'fisher', role.name)
    check('get_role', role.id, cloud.get_role('fisher').id)
    check('list_roles', True, role.id in ids(cloud.list_roles()))
    check('search_roles', {role.id}, ids(cloud.search_roles('fisher')))
    check('update_role', 'angler', cloud.update_role('fisher', 'angler').name)
    for where in ({'project': project.id}, {'domain': domain.id}, {'system': 'all'}):
        for who in ({'user': user.id}, {'group': group.id}):
            filters = {**who, **where, 'role': role.id}
            name = f'{next(iter(who))} on {next(iter(where))}'
            check(f'grant_role to a {name}', True, cloud.grant_role('angler', **who, **where))
            check(f'grant_role to a {name} again', False, cloud.grant_role('angler', **who, **where))
            check(f'list_role_assignments of a {name}', 1, len(cloud.list_role_assignments(filters=filters)))
            check(f'revoke_role from a {name}', True, cloud.revoke_role('angler', **who, **where))
            check(f'revoke_role from a {name} again', False, cloud.revoke_role('angler', **who, **where))
            check(f'list_role_assignments of a {name} after that', 0, len(cloud.list_role_assignments(filters=filters)))
    check('delete_role', True, cloud.delete_role('angler'))
    check('delete_role again', False, cloud.delete_role('angler'))


def services(cloud):
    service = cloud.create_service('mill', type='grinding', description='by water')
    check(
        'create_service',
        ('mill', 'grinding', 'by water', True),
        (service.name, service.type, service.description, service.is_enabled),
    )
    check('get_service', service.id, cloud.get_service('mill').id)
    check('list_services', True, service.id in ids(cloud.list_services()))
    check('search_services', {service.id}, ids(cloud.search_services('mill')))
    check('update_service', 'by wind', cloud.update_service('mill', description='by wind').description)
    made = cloud.create_endpoint('mill', url='http://127.0.0.1:1/', interface='public', region='RegionOne')
    check('create_endpoint', ['public'], [one.interface for one in made])
    check('get_endpoint', 'http://127.0.0.1:1/', cloud.get_endpoint(made[0].id).url)
    check('list_endpoints', True, made[0].id in ids(cloud.list_endpoints()))
    check('search_endpoints', {made[0].id}, ids(cloud.search_endpoints(filters={'service_id': service.id})))
    check('update_endpoint', 'http://127.0.0.1:2/', cloud.update_endpoint(made[0].id, url='http://127.0.0.1:2/').url)
    check('delete_endpoint', True, cloud.delete_endpoint(made[0].id))
    check('delete_endpoint again', False, cloud.delete_endpoint(made[0].id))
    check('delete_service', True, cloud.delete_service('mill'))
    check('delete_service again', False, cloud.delete_service('mill'))
