"""Chooses and scores tests for run.sh.

score.py choose LISTED SHARD REGEX                   the test ids to run, on standard output
score.py score CHOSEN SUBUNIT RESULTS                RESULTS gets id, outcome, seconds, reason per line
score.py compare RESULTS EXPECTED EXCEPTIONS MODE COUNTS
    tells what the real Keystone passes (EXPECTED: id, outcome) and this run did not; COUNTS gets `passed failed`.
    An exception (mode, id or pattern with *, reason) is a test that must not pass: one that passes fails.
"""
import fnmatch
import re
import sys

TEST = re.compile(r'^[A-Za-z_]\w*(\.\w+)+(\[[^\]]*\])?(\([^)]*\))?$')
WHY = re.compile(r'^\s*(tempest\.lib\.exceptions|Details:|testtools|AssertionError|[\w.]+(Error|Exception|Mismatch\w*):?)')


def rows(path):
    with open(path) as lines:
        return [line.rstrip('\n').split('\t') for line in lines if line.strip() and not line.startswith('#')]


def class_of(test):
    return re.sub(r'\[.*$', '', test).rsplit('.', 1)[0]


def choose(listed, shard, regex=''):
    tests = [row[0].strip() for row in rows(listed) if TEST.match(row[0].strip())]
    if shard != 'all':
        index, count = (int(part) for part in shard.split('/'))
        classes = sorted({class_of(test) for test in tests})
        tests = [test for test in tests if classes.index(class_of(test)) % count == index - 1]
    print('\n'.join(test for test in tests if re.search(regex, test)))


def reason(details):
    for key in ('reason', 'traceback', 'traceback-1'):
        text = details[key].as_text().strip() if key in details else ''
        if not text:
            continue
        if key == 'reason':
            return text.splitlines()[-1]
        said = [line.strip() for line in text.splitlines() if WHY.match(line)]
        return ' | '.join(said[:3]) or text.splitlines()[-1]
    return ''


def score(chosen, stream, results):
    import subunit
    import testtools

    seen = {}

    def keep(test):
        began, ended = test['timestamps']
        seconds = (ended - began).total_seconds() if began and ended else 0.0
        seen[test['id']] = (test['status'], seconds, reason(test['details']))

    result = testtools.StreamToDict(keep)
    result.startTestRun()
    with open(stream, 'rb') as source:
        subunit.ByteStreamToStreamResult(source, non_subunit_name='stdout').run(result)
    result.stopTestRun()
    # A class whose set-up failed or skipped has its outcome for each of its tests.
    whole = {}
    for test, outcome in seen.items():
        found = re.match(r'(setUpClass|setUpModule) \((.+)\)$', test)
        if found:
            whole[found.group(2)] = (outcome[0], 0.0, f'{found.group(1)}: {outcome[2]}')
    with open(results, 'w') as out:
        for test in sorted(row[0] for row in rows(chosen)):
            status, seconds, why = seen.get(test) or whole.get(class_of(test)) or ('fail', 0.0, 'not run')
            word = {'success': 'passed', 'skip': 'skipped'}.get(status, 'failed')
            out.write(f'{test}\t{word}\t{seconds:.2f}\t{why[:400]}\n'.replace('\r', ' '))


def compare(results, expected, exceptions, mode, counts):
    want = {row[0]: row[1] for row in rows(expected)}
    except_for = {row[1]: row[2] for row in rows(exceptions) if row[0] == mode}
    passed = failed = 0
    unexpected = []
    for test, word, _, why in ((row + [''])[:4] for row in rows(results)):
        excepted = next((text for pattern, text in except_for.items() if fnmatch.fnmatchcase(re.sub(r'\[.*$', '', test), pattern)), None)
        if excepted and word == 'passed':
            failed += 1
            print(f'FAILED: {test}: passes, though it is an exception ({excepted})')
        elif want.get(test) == 'passed' and word != 'passed' and not excepted:
            failed += 1
            print(f'FAILED: {test}: {word}: {why[:300]}')
        else:
            passed += 1
            if word == 'passed' and want.get(test) not in ('passed', None):
                unexpected.append(test)
    total = len(rows(results))
    good = sum(row[1] == 'passed' for row in rows(results))
    print(f'{mode}: {total} tests, {good} passed; {len(unexpected)} of them fail on the real Keystone; {failed} regressions')
    with open(counts, 'w') as out:
        out.write(f'{passed} {failed}\n')


{'choose': choose, 'score': score, 'compare': compare}[sys.argv[1]](*sys.argv[2:])
