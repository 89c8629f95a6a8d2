"""Regions, services, endpoints and their filters, policies, limits."""

from world import admin, file, password, person, system, url


def catalog():
    admin.shows('region create --description "the north" north', region='north', description='the north', parent_region=None)
    admin.shows('region create --parent-region north coast', region='coast', parent_region='north')
    admin.lists('region list --parent-region north', region='coast')
    admin.does('region set --description "the sea" coast')
    admin.shows('region show coast', description='the sea', parent_region='north')
    admin.does('region delete coast')
    admin.fails('region show coast', 'coast')
    admin.shows(
        'service create --name shed --description "for tools" --disable storage-shed',
        name='shed',
        type='storage-shed',
        enabled=False,
    )
    admin.does('service set --name barn --type storage-barn --description "for hay" --enable shed')
    admin.shows('service show barn', name='barn', type='storage-barn', description='for hay', enabled=True)
    admin.lists('service list --long', name='barn', description='for hay', enabled=True)
    made = admin.shows(
        'endpoint create --region north storage-barn public http://127.0.0.1:1/$(project_id)s',
        service_name='barn',
        interface='public',
        region='north',
        enabled=True,
    )
    admin.lists('endpoint list --service barn --interface public --region north', url='http://127.0.0.1:1/$(project_id)s')
    admin.does(f'endpoint set --interface internal --url http://127.0.0.1:2/ --disable {made.get("id")}')
    admin.shows(f'endpoint show {made.get("id")}', interface='internal', url='http://127.0.0.1:2/', enabled=False)
    admin.does(f'endpoint set --interface public --enable --service barn --region north {made.get("id")}')
    admin.does(f'endpoint add project {made.get("id")} garden')
    admin.lists('endpoint list --project garden', url='http://127.0.0.1:2/')
    admin.lists(f'endpoint list --endpoint {made.get("id")}', name='garden')
    admin.does(f'endpoint remove project {made.get("id")} garden')
    admin.lacks('endpoint list --project garden', url='http://127.0.0.1:2/')
    filters = file('filters.json', {'interface': 'public'})
    other = file('other.json', {'interface': 'internal'})
    admin.shows(
        f'endpoint group create --description "in the open" outside {filters}',
        name='outside',
        filters={'interface': 'public'},
        description='in the open',
    )
    admin.lists('endpoint group list', name='outside')
    admin.does('endpoint group add project outside garden')
    admin.lists('endpoint group list --endpointgroup outside', name='garden')
    admin.lists('endpoint group list --project garden', name='outside')
    admin.does('endpoint group remove project outside garden')
    admin.does(f'endpoint group set --name within --filters {other} --description "behind walls" outside')
    admin.shows('endpoint group show within', filters={'interface': 'internal'}, description='behind walls')
    admin.does('endpoint group delete within')
    # The catalog came with the login.
    person('admin', password, '--os-project-name', 'admin').lists('catalog list', name='barn', type='storage-barn')
    admin.shows(
        'catalog show identity', type='identity', endpoints=lambda found: any(one.get('url').rstrip('/') == url for one in found)
    )
    rules, changed = file('rules.json', {'a': 'role:admin'}), file('changed.json', {'b': 'role:reader'})
    rule = admin.shows(f'policy create --type application/json {rules}', type='application/json', rules='{"a": "role:admin"}')
    admin.lists('policy list --long', type='application/json', rules='{"a": "role:admin"}')
    admin.does(f'policy set --type text/plain --rules {changed} {rule.get("id")}')
    admin.shows(f'policy show {rule.get("id")}', type='text/plain', rules='{"b": "role:reader"}')
    admin.does(f'policy delete {rule.get("id")}')
    admin.lacks('policy list', id=rule.get('id'))


def limits():
    first = admin.shows(
        'registered limit create --service barn --region north --default-limit 5 --description "how many" cows',
        resource_name='cows',
        default_limit=5,
        description='how many',
        region_id='north',
    )
    admin.lists('registered limit list --service barn --resource-name cows --region north', resource_name='cows', default_limit=5)
    admin.shows(
        f'registered limit set --default-limit 6 --description "how many now" {first.get("id")}',
        default_limit=6,
        description='how many now',
    )
    admin.shows(f'registered limit show {first.get("id")}', default_limit=6)
    one = admin.shows(
        'limit create --project garden --service barn --region north --resource-limit 3 --description "for us" cows',
        resource_name='cows',
        resource_limit=3,
        description='for us',
    )
    admin.fails('limit create --project garden --service barn --region north --resource-limit 4 cows', '409')
    system.lists(
        'limit list --service barn --resource-name cows --region north --project garden', resource_name='cows', resource_limit=3
    )
    admin.shows(f'limit set --resource-limit 2 --description fewer {one.get("id")}', resource_limit=2, description='fewer')
    admin.shows(f'limit show {one.get("id")}', resource_limit=2)
    admin.fails(f'registered limit delete {first.get("id")}', 'failed to delete')
    admin.does(f'limit delete {one.get("id")}')
    admin.does(f'registered limit delete {first.get("id")}')
    admin.lacks('registered limit list', resource_name='cows')
