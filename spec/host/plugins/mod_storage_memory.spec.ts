import { storage_cases } from "./storage.common.ts";

storage_cases("memory", { storage_archive_item_limit: 10_000 });
