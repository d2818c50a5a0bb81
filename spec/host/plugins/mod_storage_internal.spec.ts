import { storage_cases } from "./storage.common.ts";

storage_cases("internal", {}, true);
