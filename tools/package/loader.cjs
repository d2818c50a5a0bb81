// Loads the pieces of the program, which `tools/package/scripts.mjs` made. Beside each lies what the compiler made of it when the package was
// built, for Node with the options that the program starts with; where that does not fit, pieces are compiled as they load.

const { readFileSync, fstatSync, openSync, closeSync } = require("node:fs");
const { pathToFileURL } = require("node:url");
const { Script } = require("node:vm");

const folder = `${__dirname}/chunks`;
const loaded = new Map();
const scripts = new Map();

/** Code that was compiled before; only the owner of the program may have written it. */
function compiled_before(path, owner) {
	let file;
	try {
		file = openSync(path, "r");
	} catch {
		return undefined;
	}
	try {
		const { uid, mode } = fstatSync(file);
		return uid === owner && (mode & 0o022) === 0 ? readFileSync(file) : undefined;
	} finally {
		closeSync(file);
	}
}

function read(path) {
	const file = openSync(path, "r");
	try {
		return { text: readFileSync(file, "latin1"), owner: fstatSync(file).uid };
	} finally {
		closeSync(file);
	}
}

/** What a piece exports. */
function load(name) {
	const known = loaded.get(name);
	if (known !== undefined) return known;
	const path = `${folder}/${name}`;
	// esbuild writes nothing but ASCII
	const { text, owner } = read(path);
	const script = new Script(text, {
		filename: path,
		cachedData: compiled_before(`${path}.code`, owner),
	});
	scripts.set(path, script);
	const exported = script.runInThisContext()(
		require,
		load,
		load_later,
		import_package,
		require,
		pathToFileURL(path).href,
		folder,
	);
	loaded.set(name, exported);
	return exported;
}

/** What a piece exports, for whoever waits for it. */
async function load_later(name) {
	return load(name);
}

/** An ECMAScript module of a package that is not part of the program. */
function import_package(id) {
	return import(id);
}

module.exports = { load, scripts };
