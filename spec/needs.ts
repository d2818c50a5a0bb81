// Which programs are installed decides which specs run on a machine. .ci/run installs all that any spec needs.

/**
 * Whether specs are left out, since something is missing that they need; says so. Nothing is left out under `CI=true`: what is
 * missing is an error there.
 * @param what is missing, as "Prosody is not installed"; undefined where nothing is
 * @param consequence what is not tried without it
 */
export function left_out(what: string | undefined, consequence: string): boolean {
	if (what === undefined) return false;
	if (process.env["CI"] === "true") throw new Error(`${what}: .ci/run installs what is needed, so that nothing is left out`);
	console.warn(`${what}: ${consequence}`);
	return true;
}

/**
 * The same where something was looked for.
 * @param found it, or undefined or `false`
 */
export function not_installed(found: unknown, name: string, consequence: string): boolean {
	return left_out(found === undefined || found === false ? `${name} is not installed` : undefined, consequence);
}

/**
 * The same for what Debian has no package of, and `.ci/run` therefore cannot install: left out under `CI=true`, too.
 * @param what is missing, as "ENJAMB_REFERENCE names no Prosody 13"; undefined where nothing is
 */
export function not_packaged(what: string | undefined, consequence: string): boolean {
	if (what !== undefined) console.warn(`${what}: ${consequence}`);
	return what !== undefined;
}
