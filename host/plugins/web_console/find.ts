// No counterpart: where the built page of the console is.

import { existsSync } from "node:fs";
import { join } from "node:path";

/** The folder with the page's files: beside the program, or where it is built from sources. Undefined where it was not built. */
export function find_page(): string | undefined {
	const here = import.meta.dirname;
	return ["console", "../console", "../../../dist/console"]
		.map((place) => join(here, place))
		.find((folder) => existsSync(join(folder, "console.js")));
}
