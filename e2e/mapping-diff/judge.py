"""Reads cases (JSON lines of {rules, assertion}) and writes what Keystone's own rule processor makes of each."""
import json
import logging
import sys

logging.disable(logging.CRITICAL)
from keystone.federation import utils  # noqa: E402


def judge(case):
    try:
        utils.validate_mapping_structure({'rules': case['rules']})
    except Exception:
        return {'faulty': True}
    joined = {name: ';'.join(values) for name, values in case['assertion'].items()}
    try:
        out = utils.RuleProcessor('m', case['rules']).process(joined)
    except Exception as error:  # a refusal, or a crash of the reference
        return {'refused': type(error).__name__}
    return {
        'user': out['user'],
        'group_ids': sorted(out['group_ids']),
        'groups': sorted(json.dumps(g, sort_keys=True) for g in out['group_names']),
        'projects': out['projects'],
    }


for line in sys.stdin:
    print(json.dumps(judge(json.loads(line))))
