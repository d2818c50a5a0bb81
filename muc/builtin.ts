// No counterpart: the modules of this folder, for the composition root.

import type { ModuleDefinition } from "../host/core/types.ts";
import { definition as muc } from "./mod_muc.ts";
import { definition as muc_mam } from "./mod_muc_mam.ts";
import { definition as muc_moderation } from "./mod_muc_moderation.ts";
import { definition as muc_unique } from "./mod_muc_unique.ts";

/** Every module of muc. */
export const muc_modules: readonly ModuleDefinition[] = [muc, muc_mam, muc_moderation, muc_unique];
