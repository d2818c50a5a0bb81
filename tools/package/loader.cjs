// Loads the pieces of the program, which `tools/package/scripts.mjs` made. Beside each lies what the compiler made of it when the package was
// built, for Node with the options that the program starts with; where that does not fit, pieces are compiled as they load.

const { createHash } = require("node:crypto");
const { readFileSync, fstatSync, openSync, closeSync } = require("node:fs");
const { pathToFileURL } = require("node:url");
const { Script } = require("node:vm");

const folder = `${__dirname}/chunks`;
const loaded = new Map();
const scripts = new Map();

/** How long a fingerprint is, in bytes. */
const fingerprint_bytes = 32;

/** Names a piece and what the compiler made of it together. */
function fingerprint(text, code) {
	return createHash("sha256").update(text).update(code).digest();
}

/** What lies beside a piece: code behind its fingerprint. */
function sealed(text, code) {
	return Buffer.concat([fingerprint(text, code), code]);
}

/**
 * Code that was compiled before; only the owner of the program may have written it. Node believes in code of the right length, whatever
 * is in it: a piece that was changed would not be what runs, and a file with a hole ends the process or gives other values.
 */
function compiled_before(path, text, owner) {
	let file;
	try {
		file = openSync(path, "r");
	} catch {
		return undefined;
	}
	try {
		const { uid, mode } = fstatSync(file);
		if (uid !== owner || (mode & 0o022) !== 0) return undefined;
		const content = readFileSync(file);
		const code = content.subarray(fingerprint_bytes);
		return fingerprint(text, code).equals(content.subarray(0, fingerprint_bytes)) ? code : undefined;
	} catch {
		return undefined;
	} finally {
		closeSync(file);
	}
}

function read(path) {
	const file = openSync(path, "r");
	try {
		return { text: readFileSync(file), owner: fstatSync(file).uid };
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
	const script = new Script(text.toString("latin1"), {
		filename: path,
		cachedData: compiled_before(`${path}.code`, text, owner),
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

module.exports = { load, scripts, sealed };
