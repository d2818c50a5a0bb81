// Lua files are imported as their text: esbuild does it with `--loader:.lua=text`, the tests with a plugin of vitest.config.ts.
declare module "*.lua" {
	const code: string;
	export default code;
}
