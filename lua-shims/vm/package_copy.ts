// No counterpart: a package of CommonJS files that is loaded once more, so that what is changed in it is changed for nobody else.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { compileFunction } from "node:vm";

interface LoadedFile {
	exports: unknown;
}

/**
 * Loads a second copy of a package, apart from the one that the rest of the process uses.
 * @param name the package; it is searched from this folder upwards
 * @returns gives what a file of it exports, by its path in the folder of the package's main file
 */
export function copy_package(name: string): (file: string) => unknown {
	const main = createRequire(import.meta.url).resolve(name);
	const files = new Map<string, LoadedFile>();
	function load(path: string): unknown {
		const known = files.get(path);
		// of files that require one another in a circle, one gets what the other has so far, as always
		if (known !== undefined) return known.exports;
		const file: LoadedFile = { exports: {} };
		files.set(path, file);
		const beside = createRequire(path);
		const run = compileFunction(readFileSync(path, "utf8"), ["exports", "require", "module"], { filename: path });
		run(file.exports, (id: string) => (id.startsWith(".") ? load(beside.resolve(id)) : beside(id)), file);
		return file.exports;
	}
	// the order in which files load may matter to them: the package's own
	load(main);
	return (path) => load(resolve(dirname(main), path));
}
