// Counterpart: util/interpolation.lua, for URLs: values and filters, but no loops

/** What templates may name; tables inside tables are named with dots. */
export interface TemplateValues {
	readonly [name: string]: TemplateValue;
}
export type TemplateValue = string | number | boolean | undefined | TemplateValues;

/** What `{name|filter}` does with a value. */
export type TemplateFilters = { readonly [name: string]: (text: string) => string };

const placeholder = /\{([a-z_][\w.]*)(!?)((?:\|[a-z_]+!?)*)\}/gi;

function value_of(values: TemplateValues, name: string): TemplateValue {
	let value: TemplateValue = values;
	for (const word of name.split(".")) {
		if (typeof value !== "object" || !Object.hasOwn(value, word)) return undefined;
		value = value[word];
	}
	return value;
}

/**
 * Fills a template: `{invite.token}` is escaped, `{invite.uri!}` is not, `{invite.uri|noscheme}` goes through a filter first. What has no
 * value is empty; what is no placeholder stays.
 */
export function render(
	template: string,
	values: TemplateValues,
	escape_value: (text: string) => string,
	filters: TemplateFilters = {},
): string {
	return template.replaceAll(placeholder, (_whole, name: string, mark: string, given: string) => {
		const value = value_of(values, name);
		if (value === undefined || typeof value === "object") return "";
		let text = String(value);
		let is_raw = mark === "!";
		for (const [, filter = "", raw] of given.matchAll(/\|([a-z_]+)(!?)/gi)) {
			if (Object.hasOwn(filters, filter)) text = filters[filter]?.(text) ?? text;
			is_raw = raw === "!";
		}
		return is_raw ? text : escape_value(text);
	});
}
