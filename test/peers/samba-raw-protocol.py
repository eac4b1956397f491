"""Runs the anonymous part of Samba's raw DCE/RPC suite against a server on 127.0.0.1.

The suite, which also passes against Windows, is part of the python3-samba package; nothing of it is copied
here. It expects a domain controller with an endpoint mapper on port 135, so three things are adapted:
where to connect, that every interface is at that one port, and the port's text in bind acknowledgements.

usage: samba-raw-protocol.py PORT          prints one line per test that failed, then a summary as JSON
"""

import json
import os
import sys
import unittest

PORT = int(sys.argv[1])
EXPECTED_PORT_TEXT = "135"

for name, value in {
    "SERVER": "127.0.0.1",
    "TARGET_HOSTNAME": "127.0.0.1",
    "USERNAME": "nobody",
    "PASSWORD": "nothing",
    "DOMAIN": "NOWHERE",
    "REALM": "NOWHERE",
    "SMB_CONF_PATH": "/dev/null",
}.items():
    os.environ[name] = value

from samba.tests.dcerpc import raw_protocol, raw_testcase  # noqa: E402

Case = raw_testcase.RawDCERPCTest
connect_tcp = Case._connect_tcp
receive = Case.recv_pdu


def connect_here(self):
    self.primary_address = str(PORT)
    connect_tcp(self)
    self.secondary_address = EXPECTED_PORT_TEXT
    self.tcp_port = int(EXPECTED_PORT_TEXT)


def reconnect_here(self, abstract, transfer=None, object=None):
    self._disconnect("every interface is at the same port")
    self.connect()


def receive_here(self, *arguments, **options):
    """Checks the port's text and its padding as the suite would, then hands on what it expects."""
    pdu = receive(self, *arguments, **options)
    acknowledgement = getattr(pdu, "u", None)
    if getattr(acknowledgement, "secondary_address_size", 0) == 0:
        return pdu
    text = str(PORT)
    self.assertEqual(acknowledgement.secondary_address, text)
    self.assertEqual(acknowledgement.secondary_address_size, len(text) + 1)
    self.assertEqual(len(acknowledgement._pad1), -(26 + len(text) + 1) % 4)
    acknowledgement.secondary_address = EXPECTED_PORT_TEXT
    acknowledgement.secondary_address_size = len(EXPECTED_PORT_TEXT) + 1
    acknowledgement._pad1 = b"\0\0"
    return pdu


Case._connect_tcp = connect_here
Case.epmap_reconnect = reconnect_here
Case.recv_pdu = receive_here


def is_anonymous(name):
    """Leaves out what needs NTLM or Kerberos, and what goes over named pipes."""
    authenticated = ("spnego", "ntlm", "krb5", "schannel", "lsa_multi_auth", "multiple_auth")
    over_pipes = ("test_assoc_group_ok2", "test_assoc_group_fail3")
    # 01 with other hints, and seven seconds each: the suite waits after every one of 720 fragments.
    repetitions = ("test_fragmented_requests02", "test_fragmented_requests03")
    if name in over_pipes or name in repetitions:
        return False
    return not any(word in name for word in authenticated)


names = [
    name
    for name in unittest.TestLoader().getTestCaseNames(raw_protocol.TestDCERPC_BIND)
    if is_anonymous(name)
]
result = unittest.TestResult()
unittest.TestSuite(map(raw_protocol.TestDCERPC_BIND, names)).run(result)
failed = {}
for test, trace in result.failures + result.errors:
    failed[test.id().rsplit(".", 1)[1]] = trace.strip().splitlines()[-1]
for name, reason in failed.items():
    print(f"{name}: {reason}", file=sys.stderr)
print(json.dumps({"run": result.testsRun, "failed": sorted(failed)}))
