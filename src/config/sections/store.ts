import { z } from "zod";
import { filePath } from "../values.ts";

export const storeSection = z
  .strictObject({
    file: filePath()
      .prefault("muster.db")
      .describe("The SQLite database. A relative path starts at appliance.data_directory."),
  })
  .prefault({})
  .describe("The record of clients and events.");
