"""Random regular expressions and texts, and what Python's own `re` finds: JSON lines of [pattern, texts, found].

    patterns.py SEED COUNT          found: a list of truth values, or null where `re` knows no such pattern
"""
import json
import random
import re
import sys
import warnings

warnings.simplefilter('ignore')
chance = random.Random(int(sys.argv[1]))
# Without `(?a:`: what `re` skips to before it searches is computed with the flags outside.
ATOMS = (
    ['a', 'b', 'A', 'k', 'K', '-', '@', ' ', '1', '#', '\n', 'x{', '{', '}', '{,2}', 'a{2}', 'b{1,2}', '(?#c)', '.', '^', '$']
    + ['\\d', '\\D', '\\w', '\\W', '\\s', '\\S', '\\b', '\\B', '\\A', '\\Z', '\\.', '\\-', '\\n', '\\/', '\\0', '\\101']
    + ['\\x61', '\\u00e9', '\\1', '\\q', '(?P=n)', '(?i)', '[ab]', '[^ab]', '[a-cB]', '[]a]', '[^]-a]', '[\\d_]', '[\\w.-]']
    + ['[A-Z]', '[k-z]', '[\\b]', '[a-\\d]', '[z-a]', '\u00e9', '\u00df', '\u017f', '\u0130', '\U0001F600']
)
REPEATS = ['*', '+', '?', '*?', '+?', '??', '{2}', '{0,2}', '{1,}', '{,1}', '{}', '{2,1}', '*+']
GROUPS = ['(', '(?:', '(?=', '(?!', '(?<=', '(?<!', '(?i:', '(?-i:', '(?m:', '(?s:', '(?x:', '(?P<n>', '(?P<m>', '(?>']
FLAGS = [''] * 6 + ['(?i)', '(?m)', '(?s)', '(?x)', '(?im)', '(?a)', '(?ia)']
CHARACTERS = list('abAB1_ .-@\n\tkKxz') + [
    '\u00e9', '\u00c9', '\u00df', '\u017f', '\u0130', '\u0131', '\u2028', '\x1c', '\u0661', '\U0001F600', '\u00b5', '\u03bc', '']


def expression(depth):
    kind = chance.random()
    if depth <= 0 or kind < .45:
        return chance.choice(ATOMS)
    if kind < .6:
        return expression(depth - 1) + expression(depth - 1)
    if kind < .68:
        return expression(depth - 1) + '|' + expression(depth - 1)
    if kind < .82:
        return expression(depth - 1) + chance.choice(REPEATS[:chance.choice([6, 9, 13])])
    return chance.choice(GROUPS) + expression(depth - 1) + expression(depth - 2) + ')'


def found(pattern, texts):
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return None
    return [bool(compiled.search(text)) for text in texts]


for _ in range(int(sys.argv[2])):
    pattern = chance.choice(FLAGS) + ''.join(expression(3) for _ in range(chance.randint(1, 3)))
    texts = [''.join(chance.choice(CHARACTERS) for _ in range(chance.randint(0, 8))) for _ in range(6)] + ['a', 'admin\n']
    print(json.dumps([pattern, texts, found(pattern, texts)]))
