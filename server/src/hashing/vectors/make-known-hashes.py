#!/usr/bin/python3
"""Writes known-hashes.json: hashes made by Keystone's own code and by passlib, to be verified by ours.

Run with Debian's python3 where keystone (22.0.2), python3-passlib (1.7.4) and python3-bcrypt are installed:

    /usr/bin/python3 make-known-hashes.py > known-hashes.json

Salts are random, so a new run gives other hashes of the same passwords. The argon2id hash is the one that the reference
implementation's own test suite (phc-winner-argon2, src/test.c) expects of "password" and "somesalt".
"""
import json
import logging
import warnings

logging.disable(logging.CRITICAL)
warnings.simplefilter('ignore')

import passlib.hash  # noqa: E402
import keystone.conf  # noqa: E402
from keystone.common import password_hashing  # noqa: E402

CONF = keystone.conf.CONF
keystone.conf.configure()
CONF(args=[], project='keystone', default_config_files=[])

SHORT = 'correct horse battery staple'
UNICODE = 'pässwörd 密码 🔑'
EXACT = 'x' * 72
CUT_IN_CHARACTER = 'a' * 71 + 'é'
PASSWORDS = [SHORT, UNICODE, EXACT, EXACT + 'y', CUT_IN_CHARACTER, 'z' * 300, ' ']


def keystone_hash(password, algorithm, **options):
    CONF.set_override('password_hash_algorithm', algorithm, group='identity')
    for name, value in options.items():
        CONF.set_override(name, value, group='identity')
    made = password_hashing.hash_password(password)
    assert password_hashing.check_password(password, made)
    for name in options:
        CONF.clear_override(name, group='identity')
    return made


rows = []


def row(made_by, password, stored, mismatch):
    rows.append({'madeBy': made_by, 'password': password, 'stored': stored, 'mismatch': mismatch})


for password in PASSWORDS:
    wrong = 'X' + password[1:]
    row('keystone bcrypt, rounds 4', password, keystone_hash(password, 'bcrypt', password_hash_rounds=4), wrong)
    row('keystone scrypt, rounds 4', password, keystone_hash(password, 'scrypt', password_hash_rounds=4), password + 'q')
    row('keystone pbkdf2_sha512, rounds 10', password,
        keystone_hash(password, 'pbkdf2_sha512', password_hash_rounds=10), password + 'q')
    row('passlib bcrypt_sha256 v2, rounds 4', password,
        passlib.hash.bcrypt_sha256.using(rounds=4).hash(password), password + 'q')

row('keystone bcrypt, its defaults', SHORT, keystone_hash(SHORT, 'bcrypt'), SHORT + 'q')
row('keystone scrypt, its defaults', SHORT, keystone_hash(SHORT, 'scrypt'), SHORT + 'q')
row('keystone scrypt, block size 4, parallelism 3, salt of 5 bytes', SHORT,
    keystone_hash(SHORT, 'scrypt', password_hash_rounds=6, scrypt_block_size=4, scrypt_parallelism=3,
                  salt_bytesize=5), SHORT + 'q')
row('keystone pbkdf2_sha512, its defaults', SHORT, keystone_hash(SHORT, 'pbkdf2_sha512'), SHORT + 'q')
row('keystone pbkdf2_sha512, salt of 96 bytes', SHORT,
    keystone_hash(SHORT, 'pbkdf2_sha512', password_hash_rounds=10, salt_bytesize=96), SHORT + 'q')
row('passlib bcrypt 2a, rounds 5', SHORT, passlib.hash.bcrypt.using(rounds=5, ident='2a').hash(SHORT), SHORT + 'q')
row('passlib bcrypt 2y, rounds 5', SHORT, passlib.hash.bcrypt.using(rounds=5, ident='2y').hash(SHORT), SHORT + 'q')
row('passlib bcrypt_sha256 v2, rounds 12', SHORT, passlib.hash.bcrypt_sha256.using(rounds=12).hash(SHORT), SHORT + 'q')
row('phc-winner-argon2 test suite', 'password',
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc', 'passwords')

for password, rounds in (SHORT, 10000), (UNICODE, 1000), ('z' * 300, 1001), ('x', 5000), ('x' * 64, 1000):
    row(f'passlib sha512_crypt, rounds {rounds}', password,
        passlib.hash.sha512_crypt.using(rounds=rounds).hash(password), password + 'q')
row('SHA-crypt specification, default rounds', 'Hello world!',
    passlib.hash.sha512_crypt.using(rounds=5000, salt='saltstring').hash('Hello world!'), 'Hello world')

print(json.dumps(rows, ensure_ascii=False, indent=1))
