import { z } from "zod";
import { filePath, hostLabel } from "../values.ts";

export const applianceSection = z
  .strictObject({
    name: hostLabel().optional().meta({
      description: "Name of this host, in status, events and DNS. Without it: the machine's.",
      example: "kms",
    }),
    data_directory: filePath()
      .prefault("muster-data")
      .describe(
        "Folder for the database, the host's key and its licence. A relative path starts at this file's folder.",
      ),
    control_socket: filePath().optional().meta({
      description:
        "Where commands such as `muster drain` reach the running appliance. Without it: control/muster.sock in the data folder, which has to lie on a medium that keeps permissions.",
      example: "/run/muster/control.sock",
    }),
  })
  .prefault({})
  .describe("This host.");
