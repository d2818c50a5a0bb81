// No counterpart: what several processes of a server show as one.

interface Family {
	/** Lines that say what it is. */
	readonly about: Set<string>;
	readonly samples: string[];
}

const sample_form = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([^{}]+)$/;

/**
 * One text of several in the format of OpenMetrics.
 * @param texts by what they are of, which becomes a label of each sample
 * @param label its name
 */
export function merge_metrics(texts: ReadonlyMap<string, string>, label: string): string {
	const families = new Map<string, Family>();
	for (const [value, text] of texts) {
		let family: Family | undefined;
		for (const line of text.split("\n")) {
			const [, named] = /^# (?:TYPE|UNIT|HELP) (\S+)/.exec(line) ?? [];
			if (named !== undefined) {
				family = families.get(named) ?? { about: new Set(), samples: [] };
				families.set(named, family);
				family.about.add(line);
				continue;
			}
			const [, name, labels, rest] = sample_form.exec(line) ?? [];
			if (name === undefined) continue;
			const own = `${label}="${value}"`;
			family?.samples.push(`${name}{${labels === undefined || labels === "" ? own : `${labels},${own}`}} ${rest}`);
		}
	}
	return [...[...families.values()].flatMap(({ about, samples }) => [...about, ...samples]), "# EOF", ""].join("\n");
}
