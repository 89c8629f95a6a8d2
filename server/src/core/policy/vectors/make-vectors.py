#!/usr/bin/python3
"""Writes checks.json and keystone-rules.json: what oslo.policy decides, for ours to be compared with.

Run with Debian's python3 where keystone 22.0.2 and python3-oslo.policy 4.0.0 are installed:

    /usr/bin/python3 make-vectors.py checks > checks.json
    /usr/bin/python3 make-vectors.py keystone-rules > keystone-rules.json

`checks.json`: random checks in the part of the language that both read, with random credentials and targets. `none` tells
that somewhere a comparison with the text None was true; there ours may be stricter, elsewhere it must be equal.

`keystone-rules.json`: each of Keystone's rules, decided with enforce_scope for every persona and every target; a row of
digits per persona, a digit per target. `deprecated` is there when enforce_new_defaults=false gives other digits.
"""
import json
import random
import sys
import warnings

warnings.simplefilter('ignore')

from oslo_config import cfg  # noqa: E402
from oslo_policy import _checks, _parser, policy  # noqa: E402
from keystone.common import policies  # noqa: E402

ATTRIBUTES = ['user_id', 'username', 'user_domain_id', 'user_domain_name', 'project_id', 'project_name',
              'project_domain_id', 'project_domain_name', 'domain_id', 'domain_name', 'system_scope', 'trust_id',
              'trustor_id', 'trustee_id', 'assumed_by']


def credentials(**known):
    """Flat credentials with null for what is not given, and the token's body that Keystone would hold beside them."""
    flat = {name: known.get(name) for name in ATTRIBUTES}
    flat['roles'] = known.get('roles', [])
    flat['is_delegated_auth'] = known.get('is_delegated_auth', False)
    return flat


def for_oslo(flat):
    token = {'user': {'id': flat['user_id'], 'name': flat['username'],
                      'domain': {'id': flat['user_domain_id'], 'name': flat['user_domain_name']}},
             'roles': [{'name': name} for name in flat['roles']]}
    if flat['project_id']:
        token['project'] = {'id': flat['project_id'], 'name': flat['project_name'],
                            'domain': {'id': flat['project_domain_id'], 'name': flat['project_domain_name']}}
    if flat['domain_id']:
        token['domain'] = {'id': flat['domain_id'], 'name': flat['domain_name']}
    return dict(flat, token=token)


# ------------------------------------------------------------------ checks

saw_none = [False]
compare = _checks.GenericCheck.__call__


def watched(self, target, creds, enforcer, current_rule=None):
    result = compare(self, target, creds, enforcer, current_rule)
    if result and 'None' in self.match % target:
        saw_none[0] = True
    return result


KEYS = ['user_id', 'project_id', 'target.user.id', 'target.user.domain_id', 'target.role.domain_id', 'target.role.name',
        'target.domain_id', 'target.flag', 'target.number']
LEFT = ['user_id', 'project_id', 'domain_id', 'user_domain_id', 'system_scope', 'is_delegated_auth', 'roles', 'trust_id',
        'token.user.id', 'token.domain.id', 'token.project.domain.id', 'token.roles.name', 'is_admin',
        "'a'", '"Member"', 'True', 'None', '7', '-3', "''"]
WORDS = ['a', 'b', 'all', 'None', 'True', 'admin', 'Admin', '']


def atom(rng):
    kind = rng.random()
    if kind < 0.05:
        return rng.choice('@!')
    right = rng.choice(WORDS)
    if rng.random() < 0.65:
        right = '%%(%s)s' % rng.choice(KEYS)
        if rng.random() < 0.1:
            right = rng.choice(['x-' + right, right + right, right + '-%%'])
    if kind < 0.3:
        return 'role:' + rng.choice(['admin', 'ADMIN', 'reader', 'compute:admin', '%(target.role.name)s'])
    if kind < 0.4:
        return 'rule:' + rng.choice(['never', 'always', 'reads', 'mine', 'not_mine'])
    return rng.choice(LEFT) + ':' + right


def expression(rng, depth=0):
    kind = rng.random()
    if depth > 3 or kind < 0.3:
        return atom(rng)
    if kind < 0.45:
        return rng.choice(['not ', 'NOT ']) + inner(rng, depth)
    word = rng.choice([' and ', ' or ', ' or ', ' AND ', ' and\n  '])
    return word.join(inner(rng, depth) for _ in range(rng.choice([2, 2, 3])))


def inner(rng, depth):
    text = expression(rng, depth + 1)
    return text if rng.random() < 0.5 else rng.choice(['(%s)', '( %s )', '((%s))']) % text


def listed(rng):
    return [atom(rng) if rng.random() < 0.4 else [atom(rng) for _ in range(rng.choice([0, 1, 2, 3]))]
            for _ in range(rng.choice([0, 1, 2, 3]))]


HELPERS = {'never': '!', 'always': '', 'reads': 'role:reader', 'mine': 'user_id:%(target.user.id)s',
           'not_mine': 'not rule:mine'}


class Rules:
    rules = {name: _parser.parse_rule(text) for name, text in HELPERS.items()}


def checks():
    _checks.GenericCheck.__call__ = watched
    rng = random.Random(20230402)
    rows = []
    while len(rows) < 400:
        source = listed(rng) if rng.random() < 0.15 else expression(rng)
        scope = rng.choice(['project', 'domain', 'system', 'none'])
        creds = credentials(
            user_id=rng.choice('ab'), user_domain_id=rng.choice('ab'), username=rng.choice('ab'),
            project_id=rng.choice('ab') if scope == 'project' else None,
            project_domain_id=rng.choice('ab') if scope == 'project' else None,
            domain_id=rng.choice('ab') if scope == 'domain' else None,
            system_scope='all' if scope == 'system' else None,
            trust_id=rng.choice(['a', None]),
            is_delegated_auth=rng.random() < 0.5,
            roles=rng.choice([[], ['reader'], ['Admin', 'reader'], ['member', 'a'], ['compute:admin']]))
        values = ['a', 'b', 'a', 'b', None, 'None', 'admin', 'Reader', True, False, 7, -3, '']
        target = {key: rng.choice(values) for key in KEYS if rng.random() < 0.75}
        saw_none[0] = False
        allowed = bool(_parser.parse_rule(source)(target, for_oslo(creds), Rules))
        row = {'check': source, 'credentials': {k: v for k, v in creds.items() if v is not None}, 'target': target,
               'allowed': allowed}
        if saw_none[0]:
            row['none'] = True
        rows.append(row)
    return {'helpers': HELPERS, 'rows': rows}


# ------------------------------------------------------------------ Keystone's rules

ROLES = {'none': [], 'reader': ['reader'], 'member': ['member', 'reader'], 'manager': ['manager', 'member', 'reader'],
         'admin': ['admin', 'manager', 'member', 'reader'], 'service': ['service']}
SCOPES = {
    'project': {'project_id': 'p1', 'project_name': 'P1', 'project_domain_id': 'd1', 'project_domain_name': 'D1'},
    'domain': {'domain_id': 'd1', 'domain_name': 'D1'},
    'system': {'system_scope': 'all'},
    'unscoped': {},
}
PERSONAS = {'%s %s' % (scope, role): credentials(user_id='u1', username='U1', user_domain_id='d1',
                                                  user_domain_name='D1', roles=ROLES[role], **SCOPES[scope])
            for scope in SCOPES for role in ROLES if scope != 'unscoped' or role == 'none'}


def target(user, domain, project, other, role_domain):
    """Facts under every name that a rule of Keystone asks for."""
    return {
        'user_id': user, 'project_id': project, 'domain_id': domain,
        'target.domain_id': domain, 'target.domain.id': domain,
        'target.user.id': user, 'target.user.domain_id': domain, 'target.group.domain_id': domain,
        'target.project.id': project, 'target.project.domain_id': domain,
        'target.role.domain_id': role_domain,
        'target.credential.user_id': user, 'target.token.user_id': user,
        'target.trust.trustor_user_id': user, 'target.trust.trustee_user_id': other,
        'target.limit.project_id': project, 'target.limit.domain.id': domain,
        'target.limit.project.domain_id': domain,
    }


TARGETS = {
    'nothing loaded': {},
    'own': target('u1', 'd1', 'p1', 'u2', None),
    'same domain': target('u2', 'd1', 'p2', 'u1', 'd1'),
    'elsewhere': target('u3', 'd2', 'p3', 'u4', 'd2'),
    'elsewhere, global role': target('u3', 'd2', 'p3', 'u4', None),
    'own user elsewhere': target('u1', 'd2', 'p3', 'u3', 'd2'),
    'all null': target(None, None, None, None, None),
}


def enforcer(new_defaults):
    conf = cfg.ConfigOpts()
    conf(args=[], default_config_files=[])
    made = policy.Enforcer(conf, use_conf=False)
    made.suppress_deprecation_warnings = True
    made.suppress_default_change_warnings = True
    conf.set_override('enforce_scope', True, group='oslo_policy')
    conf.set_override('enforce_new_defaults', new_defaults, group='oslo_policy')
    for rule in policies.list_rules():
        made.register_default(rule)
    made.use_conf = True
    made.load_rules()
    return made


def matrix(made, name):
    return [''.join(str(int(bool(made.enforce(name, dict(facts), for_oslo(creds))))) for facts in TARGETS.values())
            for creds in PERSONAS.values()]


def keystone_rules():
    new, old = enforcer(True), enforcer(False)
    rows = {}
    for rule in policies.list_rules():
        rows[rule.name] = {'allowed': ' '.join(matrix(new, rule.name))}
        deprecated = ' '.join(matrix(old, rule.name))
        if deprecated != rows[rule.name]['allowed']:
            rows[rule.name]['deprecated'] = deprecated
    return {'personas': {name: {k: v for k, v in creds.items() if v is not None} for name, creds in PERSONAS.items()},
            'targets': TARGETS, 'rules': rows}


if sys.argv[1] == 'checks':
    made = checks()
    body = ',\n'.join(json.dumps(row) for row in made['rows'])
    print('{"helpers": %s,\n"rows": [\n%s\n]}' % (json.dumps(made['helpers']), body))
else:
    made = keystone_rules()
    parts = ['"%s": {\n%s\n}' % (part, ',\n'.join('%s: %s' % (json.dumps(k), json.dumps(v)) for k, v in made[part].items()))
             for part in ('personas', 'targets', 'rules')]
    print('{%s}' % ',\n'.join(parts))
