"""Samba's own client against the echo and management interfaces on 127.0.0.1, in both byte orders.

usage: samba-client.py PORT        prints a line per byte order; any difference is an exception
"""

import sys

from samba.dcerpc import echo, mgmt
from samba.param import LoadParm

PORT = sys.argv[1]
settings = LoadParm()

for order in ("", ",bigendian"):
    # padcheck: the client refuses replies whose alignment octets are not zero.
    binding = f"ncacn_ip_tcp:127.0.0.1[{PORT}{order},padcheck]"
    client = echo.rpcecho(binding, settings)
    assert client.AddOne(41) == 42
    data = [index % 251 for index in range(30000)]
    assert client.EchoData(data) == data
    client.SinkData(data)
    assert client.SourceData(30000) == [index % 256 for index in range(30000)]
    management = mgmt.mgmt(binding, settings)
    offered = management.inq_if_ids().if_id
    assert [str(entry.id.uuid) for entry in offered] == ["60a15ec5-4de8-11d7-a637-005056a20182"]
    status, listening = management.is_server_listening()
    assert (status, listening) == (0, 1)
    assert management.inq_stats(4, 0).count == 4
    print(f"good{order}")
