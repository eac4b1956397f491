"""impacket calls Activate with a request's stub, byte for byte, and reads what comes back.

usage: impacket-activate.py PORT STUB     STUB is hexadecimal; prints the answer as JSON
"""

import json
import struct
import sys

from impacket import uuid
from impacket.dcerpc.v5 import transport

ACTIVATION = ("ea6fc547-3cd9-4d4d-824f-02c7678d2ad5", "1.0")
ACTIVATE = 0

port, stub = sys.argv[1], bytes.fromhex(sys.argv[2])
connection = transport.DCERPCTransportFactory(f"ncacn_ip_tcp:127.0.0.1[{port}]").get_dce_rpc()
connection.connect()
connection.bind(uuid.uuidtup_to_bin(ACTIVATION))
answers = []
for fragment_size in (None, 16):
    if fragment_size is not None:
        connection.set_max_fragment_size(fragment_size)
    connection.call(ACTIVATE, stub)
    answer = connection.recv()
    # NDR32: size, referent id, conformance, octets, HRESULT (padded to a word before).
    size, referent = struct.unpack_from("<LL", answer)
    octets = b"" if referent == 0 else answer[12 : 12 + size]
    (hresult,) = struct.unpack_from("<L", answer, len(answer) - 4)
    count = struct.unpack_from("<L", octets, 4)[0] if octets else None
    answers.append({"hresult": hresult, "octets": len(octets), "count": count})
connection.disconnect()
print(json.dumps(answers))
