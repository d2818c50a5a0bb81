// No counterpart: part of `enjamb compare`.

import type { PlayStep } from "../types.ts";
import type { Scene } from "./scene.ts";

/** Something that clients can do, and how often compared with other things. */
export interface Action {
	/** What its first step is an example of. */
	readonly label: string;
	/** Labels of steps that follow. */
	readonly then: readonly string[];
	readonly weight: number;
	/** Makes the steps and changes the scene; undefined where nobody can do it now. */
	act(scene: Scene, label: string): PlayStep[] | undefined;
}

/** An action of one step, or of several with the same label. */
export function action(
	label: string,
	weight: number,
	act: (scene: Scene, label: string) => PlayStep | PlayStep[] | undefined,
): Action {
	return sequence([label], weight, act);
}

/** An action whose steps have these labels. */
export function sequence(
	[label = "", ...then]: readonly string[],
	weight: number,
	act: (scene: Scene, label: string) => PlayStep | PlayStep[] | undefined,
): Action {
	return {
		label,
		then,
		weight,
		act(scene, own) {
			const steps = act(scene, own);
			return steps === undefined || Array.isArray(steps) ? steps : [steps];
		},
	};
}
