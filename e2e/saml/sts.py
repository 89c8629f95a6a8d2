"""WS-Trust 1.3 (`usernamemixed`) in front of SimpleSAMLphp's adfs module, which Debian has without that endpoint.

    sts.py PORT PASSIVE_URL     PASSIVE_URL is the module's prp.php

Nothing is decided and nothing is signed here: the name and password of the request go through the module's own sign-in page
as a browser's would, and the answer the module made is put into the envelope that keystoneauth's plugin expects.
"""
import html
import http.cookiejar
import http.server
import re
import sys
import urllib.parse
import urllib.request

from lxml import etree

SOAP = 'http://www.w3.org/2003/05/soap-envelope'
TRUST = 'http://docs.oasis-open.org/ws-sx/ws-trust/200512'
TRUST_OF_MODULE = 'http://schemas.xmlsoap.org/ws/2005/02/trust'


def field(page, name):
    """The value of a field of a form of SimpleSAMLphp's; None when there is none."""
    found = re.search(r'name="%s"[^>]*value="([^"]*)"' % name, page)
    return found and html.unescape(found.group(1))


def passive(url, realm, username, password):
    """The module's RequestSecurityTokenResponse; None when it does not let them in."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    query = urllib.parse.urlencode({'wa': 'wsignin1.0', 'wtrealm': realm, 'wctx': 'x'})
    with browser.open(f'{url}?{query}') as answer:
        form, page = answer.url, answer.read().decode()
    fields = {'username': username, 'password': password, 'AuthState': field(page, 'AuthState') or ''}
    with browser.open(form, urllib.parse.urlencode(fields).encode()) as answer:
        return field(answer.read().decode(), 'wresult')


class Service(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = etree.fromstring(self.rfile.read(int(self.headers['content-length'])))
        said = {name: asked.xpath('string(//*[local-name()="%s"])' % name) for name in ('Username', 'Password')}
        realm = asked.xpath('string(//*[local-name()="AppliesTo"]//*[local-name()="Address"])')
        result = passive(sys.argv[2], realm, said['Username'], said['Password'])
        if result is None:
            body, status = ('<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>a:FailedAuthentication</s:Value>'
                            '</s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">no</s:Text></s:Reason></s:Fault>'), 500
        else:
            answer = re.sub(r'^<\?xml[^>]*\?>\s*', '', result).replace(TRUST_OF_MODULE, TRUST)
            body, status = (f'<t:RequestSecurityTokenResponseCollection xmlns:t="{TRUST}">{answer}'
                            '</t:RequestSecurityTokenResponseCollection>'), 200
        sent = f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{body}</s:Body></s:Envelope>'.encode()
        self.send_response(status)
        self.send_header('content-type', 'application/soap+xml; charset=utf-8')
        self.send_header('content-length', str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Service).serve_forever()
