"""impacket's management queries against 127.0.0.1, with whole and with fragmented requests.

usage: impacket-client.py PORT     prints what was learnt as JSON, once for each fragment size
"""

import json
import sys

from impacket import uuid
from impacket.dcerpc.v5 import mgmt, transport

PORT = sys.argv[1]

for fragment_size in (None, 2):
    connection = transport.DCERPCTransportFactory(f"ncacn_ip_tcp:127.0.0.1[{PORT}]").get_dce_rpc()
    connection.connect()
    connection.bind(mgmt.MSRPC_UUID_MGMT)
    vector = mgmt.hinq_if_ids(connection)["if_id_vector"]
    offered = [
        uuid.bin_to_string(vector["if_id"][index]["Data"]["Uuid"]).lower()
        for index in range(vector["count"])
    ]
    # Only for a request with a stub: impacket never gets past an empty one in fragments.
    if fragment_size is not None:
        connection.set_max_fragment_size(fragment_size)
    statistics = mgmt.hinq_stats(connection)
    connection.set_default_max_fragment_size()
    try:
        mgmt.hstop_server_listening(connection)
        stopped = "yes"
    except Exception as refusal:
        stopped = str(refusal)
    connection.disconnect()
    print(json.dumps({"offered": offered, "count": statistics["count"], "stopped": stopped}))
