import type { ModuleApi } from "enjamb";

export default function (module: ModuleApi): void {
	module.hook("muc-occupant-groupchat", ({ stanza }) => {
		const body = stanza.get_child("body");
		if (body) body.children = [(body.get_text() ?? "").toUpperCase()];
	});
}
