// No counterpart: what modules need to offer commands of their own to scripts: `module.add_item("api-command", api.api_command({ … }))`.

export { api_command, refuse_call, results } from "./command.ts";
export * as parameters from "./parameters.ts";
