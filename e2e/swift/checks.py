"""What people of two projects can do with objects in Swift: checks.py IDENTITY-URL ADMIN-PASSWORD SWIFT-URL TAG."""
import datetime
import sys
from types import SimpleNamespace
from unittest import mock

import boto3
import botocore.exceptions
import requests
import swiftclient
from botocore.client import Config
from keystoneauth1 import session
from keystoneauth1.identity import v3
from keystoneclient.v3 import client

URL, ADMIN_PASSWORD, SWIFT, TAG = sys.argv[1:]


def check(name, want, got):
    print(f"ok: {name}" if want == got else f"FAILED: {name}: want {want}, got {got}", flush=True)


def signed_in(name, project, password):
    return session.Session(auth=v3.Password(
        URL, username=name, password=password, user_domain_id="default", project_name=project, project_domain_id="default"))


def login(name, project):
    return signed_in(f"{name}-{TAG}", f"{project}-{TAG}", f"{name}-{TAG}-password")


def identity(of):
    return client.Client(session=of, endpoint_override=URL)


admin = identity(signed_in("admin", "admin", ADMIN_PASSWORD))
roles = {role.name: role for role in admin.roles.list()}
projects = {name: admin.projects.create(f"{name}-{TAG}", "default") for name in ("services", "red", "blue")}
users = {}
for name, role, project in (
        ("swift", "service", "services"), ("glance", "service", "services"),
        ("rita", "member", "red"), ("rob", "reader", "red"), ("bob", "member", "blue")):
    users[name] = admin.users.create(f"{name}-{TAG}", domain="default", password=f"{name}-{TAG}-password")
    admin.roles.grant(roles[role].id, user=users[name].id, project=projects[project].id)
store = admin.services.create(f"swift-{TAG}", type="object-store")
admin.endpoints.create(store.id, f"{SWIFT}/v1/AUTH_%(project_id)s", "public", region="RegionOne")

rita, rob, bob, glance = login("rita", "red"), login("rob", "red"), login("bob", "blue"), login("glance", "services")
RED = f"{SWIFT}/v1/AUTH_{projects['red'].id}"


def asks(who, method="GET", path="/box/a", **headers):
    token = {"X-Auth-Token": who.get_token() if isinstance(who, session.Session) else who} if who else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.request(method, RED + path, headers={**token, **named}).status_code


# Tokens.
swift = swiftclient.Connection(session=rita)
swift.put_container("box")
swift.put_object("box", "a", b"hello")
check("the endpoint is in the catalog, and what was put is got", b"hello", swift.get_object("box", "a")[1])
check("no token", 401, asks(None))
check("garbage", 401, asks("garbage"))
check("a reader, who is no operator", 403, asks(rob))
check("another project", 403, asks(bob))
void = login("rita", "red").get_token()
check("before it is revoked", 200, asks(void))
admin.tokens.revoke_token(void)
check("revoked", 401, asks(void))

# Access lists.
BLUE, BOB = projects["blue"].id, users["bob"].id
for readers in (f"{BLUE}:{BOB}", f"*:{BOB}", f"{BLUE}:*", f"blue-{TAG}:bob-{TAG}"):
    swift.post_container("box", {"X-Container-Read": readers})
    name = readers.replace(BLUE, "ID").replace(BOB, "ID").replace(f"-{TAG}", "")
    check(f"another project reads by {name}", 200, asks(bob))
    check(f"and does not write by {name}", 403, asks(bob, "PUT", "/box/b"))
swift.post_container("box", {"X-Container-Read": "reader"})
check("a role reads", 200, asks(rob))
check("another role does not", 403, asks(bob))
swift.post_container("box", {"X-Container-Read": ".r:*"})
check("anybody reads what is public, with a bad token too", [200, 200], [asks(None), asks("garbage")])
swift.post_container("box", {"X-Container-Read": ""})


# What a service keeps for a project takes both tokens.
def kept(**tokens):
    named = {name.replace("_", "-"): of.get_token() for name, of in tokens.items()}
    return requests.put(f"{SWIFT}/v1/SERVICE_{projects['red'].id}/images", headers=named).status_code


check("a service's account: the user alone", 403, kept(X_Auth_Token=rita))
check("a service's account: the service alone", 403, kept(X_Auth_Token=glance))
check("a service's account: no service as one", 401, kept(X_Auth_Token=rita, X_Service_Token=bob))
check("a service's account: both", 201, kept(X_Auth_Token=rita, X_Service_Token=glance))


# Application credentials.
def lent(**bounds):
    made = identity(rita).application_credentials.create(f"lent-{len(bounds)}", user=users["rita"].id, **bounds)
    return session.Session(auth=v3.ApplicationCredential(
        URL, application_credential_id=made.id, application_credential_secret=made.secret))


check("an application credential", 200, asks(lent()))
rules = [{"service": "object-store", "method": "GET", "path": f"/v1/AUTH_{projects['red'].id}/box/*"}]
bound = lent(access_rules=rules)
check("access rules: what they name", 200, asks(bound))
check("access rules: nothing else", [401, 401], [asks(bound, "PUT", "/box/b"), asks(bound, "GET", "/box")])

# S3.
key = identity(rita).ec2.create(users["rita"].id, projects["red"].id)
bobs = identity(bob).ec2.create(users["bob"].id, projects["blue"].id)


def s3(version, of=key, secret=None):
    return boto3.client(
        "s3", endpoint_url=SWIFT, region_name="us-east-1", aws_access_key_id=of.access,
        aws_secret_access_key=secret or of.secret,
        config=Config(signature_version=version, s3={"addressing_style": "path"}, retries={"max_attempts": 0}))


def code(ask):
    try:
        return bool(ask())
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]


def url(version, lasts, method="get_object"):
    return s3(version).generate_presigned_url(method, Params={"Bucket": "box", "Key": "s3"}, ExpiresIn=lasts)


for version, name in (("s3v4", "version 4"), ("s3", "version 2")):
    red = s3(version)
    red.put_object(Bucket="box", Key="s3", Body=name.encode())
    check(f"{name}: what was put is got", name.encode(), red.get_object(Bucket="box", Key="s3")["Body"].read())
    check(f"{name}: Swift has it too", name.encode(), swift.get_object("box", "s3")[1])
    check(f"{name}: the project's buckets", ["box"], [found["Name"] for found in red.list_buckets()["Buckets"]])
    check(f"{name}: another project's", [], s3(version, bobs).list_buckets()["Buckets"])
    check(f"{name}: a wrong secret", "SignatureDoesNotMatch", code(s3(version, secret="wrong").list_buckets))
    check(f"{name}: a pre-signed URL", name.encode(), requests.get(url(version, 86400)).content)
    check(f"{name}: one to write", 200, requests.put(url(version, 60, "put_object"), data=name).status_code)
    check(f"{name}: altered", 403, requests.get(url(version, 60).replace("/box/s3", "/box/a")).status_code)


class HourAgo(datetime.datetime):
    """A clock that is an hour late."""

    @classmethod
    def utcnow(cls):
        return datetime.datetime.utcnow() - datetime.timedelta(hours=1)


with mock.patch("botocore.auth.datetime", SimpleNamespace(datetime=HourAgo)):
    day, minute = url("s3v4", 86400), url("s3v4", 60)
check("version 4: a URL for a day, an hour later", 200, requests.get(day).status_code)
check("version 4: a URL for a minute, an hour later", 403, requests.get(minute).status_code)
identity(rita).ec2.delete(users["rita"].id, key.access)
check("the key is gone", "SignatureDoesNotMatch", code(s3("s3v4").list_buckets))
check("and with it its URLs", 403, requests.get(day).status_code)

for person in users.values():
    admin.users.delete(person.id)
for project in projects.values():
    admin.projects.delete(project.id)
admin.services.delete(store.id)
