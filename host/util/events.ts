// Counterpart: util/events.lua

import { Waiting } from "./waiting.ts";

/** A handler. If it returns undefined, the next one sees the event; anything else (false too) ends the event and is its answer. */
export type Handler<Payload> = (event: Payload) => unknown;

/** Runs around all handlers of an event; `next` runs what is inside. */
export type Wrapper<Payload> = {
	wrapper(next: (name: string, event: Payload) => unknown, name: string, event: Payload): unknown;
}["wrapper"];

// Handlers of all payloads are in one map. Each is only called with the payload of the name that it was added for, which the
// signatures below guarantee. Written as methods, these types let the compiler keep them together.
export type AnyHandler = { handler(event: unknown): unknown }["handler"] & {
	/** Watches this handler where a stanza goes to many, so that it need not be called for each copy. */
	readonly copies?: CopyWatcher;
	/** The same for whoever fires the event and can go on later: it may answer with a {@link Waiting}. */
	readonly waiting?: (event: unknown) => unknown;
};

/** Watches handlers while they handle the first copy of a stanza that goes to many; copies differ in nothing but their `to`. */
export interface CopyWatcher {
	/**
	 * @param address that of the copy
	 * @param handlers how many of the watched handlers have to let it pass
	 * @param deliver delivers it, with all its handlers
	 * @returns says of other addresses whether the handlers would let a copy for them pass and change nothing, as long as nothing else
	 * happens; undefined where that is not known
	 */
	watch(address: string, handlers: number, deliver: () => void): ((address: string) => boolean) | undefined;
}

export type AnyWrapper = WrapAny & {
	/** The same where whoever fires the event can go on later: `next` may answer with a {@link Waiting}, and so may it. */
	readonly waiting?: WrapAny;
};
type WrapAny = {
	wrapper(next: (name: string, event: unknown) => unknown, name: string, event: unknown): unknown;
}["wrapper"];

/** Called in place of each handler, to measure or trace it; has to return what the handler returns. */
export type DebugHook = (handler: AnyHandler, name: string, run: () => unknown) => unknown;

interface Entry {
	readonly handler: AnyHandler;
	readonly priority: number;
	/** Order of registration, which decides among equal priorities (in Prosody, chance does). */
	readonly order: number;
}

const no_handlers: readonly AnyHandler[] = [];

function at_once(call: () => unknown): unknown {
	return call();
}

/**
 * A bus of named events. `Map` names each event's payload.
 *
 * Handlers run by priority, highest first, then by registration; they are synchronous.
 */
export class Events<Map> {
	private readonly entries = new globalThis.Map<string, Entry[]>();
	/** Handlers in order, made when an event is first fired after a change. */
	private readonly index = new globalThis.Map<string, readonly AnyHandler[]>();
	/** The same for {@link fire_waiting}. */
	private readonly waiting_index = new globalThis.Map<string, readonly AnyHandler[]>();
	private readonly wrapped = new globalThis.Map<string, AnyWrapper[]>();
	private global_wrappers: AnyWrapper[] = [];
	private debug_hook: DebugHook | undefined;
	private registrations = 0;

	/** Adds a handler; the same handler again takes the new priority. */
	add_handler<Name extends keyof Map & string>(name: Name, handler: Handler<Map[Name]>, priority = 0): void {
		this.add_any(name, handler, priority);
	}

	/** The same for an event whose name is only known at run time: whoever fires it and whoever handles it agree on the payload (Lua). */
	add_any(name: string, handler: AnyHandler, priority = 0): void {
		const entry: Entry = { handler, priority, order: this.registrations++ };
		const others = (this.entries.get(name) ?? []).filter((other) => other.handler !== handler);
		others.push(entry);
		others.sort((a, b) => b.priority - a.priority || a.order - b.order);
		this.entries.set(name, others);
		this.index.delete(name);
		this.waiting_index.delete(name);
	}

	/** Removes a handler; nothing happens where it was not added. */
	remove_handler<Name extends keyof Map & string>(name: Name, handler: Handler<Map[Name]>): void {
		this.remove_any(name, handler);
	}

	/** The same for handlers that were added by {@link add_any}. */
	remove_any(name: string, handler: AnyHandler): void {
		const rest = (this.entries.get(name) ?? []).filter((entry) => entry.handler !== handler);
		if (rest.length > 0) this.entries.set(name, rest);
		else this.entries.delete(name);
		this.index.delete(name);
		this.waiting_index.delete(name);
	}

	/** The handlers of an event in the order in which they run. */
	get_handlers(name: string): readonly AnyHandler[] {
		const known = this.index.get(name);
		if (known) return known;
		const entries = this.entries.get(name);
		if (!entries) return no_handlers;
		const handlers = entries.map((entry) => entry.handler);
		this.index.set(name, handlers);
		return handlers;
	}

	/** Whether this handler and nothing else would see the event: no other handler, no wrapper, no debug hook. */
	has_only(name: string, handler: AnyHandler): boolean {
		const handlers = this.get_handlers(name);
		return handlers.length === 1 && handlers[0] === handler && !this.is_watched(name);
	}

	/** Whether nothing would see the event but some of these handlers. */
	has_only_among(name: string, known: ReadonlySet<AnyHandler>): boolean {
		return !this.is_watched(name) && this.get_handlers(name).every((handler) => known.has(handler));
	}

	/** The handlers of an event; undefined where something else sees the event, too. */
	unwrapped_handlers(name: string): readonly AnyHandler[] | undefined {
		return this.is_watched(name) ? undefined : this.get_handlers(name);
	}

	/** Whether an event has wrappers or a debug hook. */
	private is_watched(name: string): boolean {
		return this.debug_hook !== undefined || this.global_wrappers.length > 0 || this.wrapped.has(name);
	}

	/** Names of all events that have handlers, with each handler's priority, for tables and tests. */
	list(): { name: string; priorities: number[] }[] {
		return [...this.entries].map(([name, entries]) => ({ name, priorities: entries.map((entry) => entry.priority) }));
	}

	/** Puts a wrapper around one event, or around every event when the name is undefined; the last added is outermost. */
	add_wrapper<Name extends keyof Map & string>(name: Name | undefined, wrapper: Wrapper<Map[Name]>): void {
		this.wrap_any(name, wrapper);
	}

	/** The same for an event whose name is only known at run time. */
	wrap_any(name: string | undefined, wrapper: AnyWrapper): void {
		if (name === undefined) this.global_wrappers = [...this.global_wrappers, wrapper];
		else this.wrapped.set(name, [...(this.wrapped.get(name) ?? []), wrapper]);
	}

	/** Removes a wrapper. */
	remove_wrapper<Name extends keyof Map & string>(name: Name | undefined, wrapper: Wrapper<Map[Name]>): void {
		this.unwrap_any(name, wrapper);
	}

	/** The same for wrappers that were added by {@link wrap_any}. */
	unwrap_any(name: string | undefined, wrapper: AnyWrapper): void {
		if (name === undefined) {
			this.global_wrappers = this.global_wrappers.filter((other) => other !== wrapper);
			return;
		}
		const rest = (this.wrapped.get(name) ?? []).filter((other) => other !== wrapper);
		if (rest.length > 0) this.wrapped.set(name, rest);
		else this.wrapped.delete(name);
	}

	/** Sets what runs in place of each handler; returns the one before. */
	set_debug_hook(hook: DebugHook | undefined): DebugHook | undefined {
		const before = this.debug_hook;
		this.debug_hook = hook;
		return before;
	}

	/** Fires an event; returns what ended it, or undefined. */
	fire_event<Name extends keyof Map & string>(name: Name, event: Map[Name]): unknown {
		if (this.wrapped.size > 0 || this.global_wrappers.length > 0) return this.run_wrapped(name, event, at_once);
		// Where a handler changes the list meanwhile, this firing still uses the old one.
		for (const handler of this.get_handlers(name)) {
			const answer = this.debug_hook === undefined ? handler(event) : this.call(handler, name, event);
			if (answer !== undefined) return answer;
		}
		return undefined;
	}

	/**
	 * The same for whoever can go on later: where a handler waits for something (in Lua, by `util.async`), the answer is a
	 * {@link Waiting}, and the handlers after it run when it is over. With a wrapper around the event that cannot go on later, no handler may wait.
	 */
	fire_waiting<Name extends keyof Map & string>(name: Name, event: Map[Name]): unknown {
		if (this.wrapped.size > 0 || this.global_wrappers.length > 0) return this.fire_any_waiting(name, event);
		const handlers = this.waiting_index.get(name) ?? this.waiting_handlers(name);
		for (let index = 0; index < handlers.length; index++) {
			const handler = handlers[index];
			const answer = handler && (this.debug_hook === undefined ? handler(event) : this.call(handler, name, event));
			if (answer === undefined) continue;
			return answer instanceof Waiting ? this.go_on_behind(answer, handlers, index, event) : answer;
		}
		return undefined;
	}

	/** The same for an event whose name is only known at run time. */
	fire_any_waiting(name: string, event: unknown): unknown {
		if (!this.is_watched(name)) return this.fire_from(this.waiting_handlers(name), 0, event);
		const wrappers = this.wrappers_of(name).map(({ waiting }) => waiting);
		if (this.debug_hook !== undefined || !wrappers.every((wrapper) => wrapper !== undefined)) return this.fire_any(name, event);
		const inside = (depth: number, inner_name: string, inner_event: unknown): unknown => {
			const wrapper = wrappers[depth - 1];
			if (wrapper === undefined) return this.fire_from(this.waiting_handlers(inner_name), 0, inner_event);
			return wrapper((next_name, next) => inside(depth - 1, next_name, next), inner_name, inner_event);
		};
		return inside(wrappers.length, name, event);
	}

	/** Fires an event whose name is only known at run time, and whose payload only its handlers know (items, Lua). */
	fire_any(name: string, event: unknown): unknown {
		return this.run_wrapped(name, event, at_once);
	}

	/**
	 * Fires an event about something that has happened or is about to. A handler that throws is reported, and neither the other
	 * handlers nor the caller are affected.
	 */
	tell<Name extends keyof Map & string>(name: Name, event: Map[Name], report: (name: string, error: unknown) => void): unknown {
		return this.run_wrapped(name, event, (call) => {
			try {
				return call();
			} catch (error) {
				report(name, error);
				return undefined;
			}
		});
	}

	/** The one added last is outermost; wrappers around every event are inside those of the event itself. */
	private wrappers_of(name: string): readonly AnyWrapper[] {
		return [...this.global_wrappers, ...(this.wrapped.get(name) ?? [])];
	}

	private run_wrapped(name: string, event: unknown, attempt: (call: () => unknown) => unknown): unknown {
		const wrappers = this.wrappers_of(name);
		const inside = (depth: number, inner_name: string, inner_event: unknown): unknown => {
			const wrapper = wrappers[depth - 1];
			if (!wrapper) return this.run_each(inner_name, inner_event, attempt);
			return attempt(() => wrapper((next_name, next) => inside(depth - 1, next_name, next), inner_name, inner_event));
		};
		return inside(wrappers.length, name, event);
	}

	private fire_from(handlers: readonly AnyHandler[], from: number, event: unknown): unknown {
		for (let index = from; index < handlers.length; index++) {
			const answer = handlers[index]?.(event);
			if (answer === undefined) continue;
			return answer instanceof Waiting ? this.go_on_behind(answer, handlers, index, event) : answer;
		}
		return undefined;
	}

	/** The result of a handler that waits, or else of the handlers after it. */
	private go_on_behind(
		waiting: Waiting<unknown>,
		handlers: readonly AnyHandler[],
		index: number,
		event: unknown,
	): Waiting<unknown> {
		return waiting.go_on((answer) => (answer === undefined ? this.fire_from(handlers, index + 1, event) : answer));
	}

	/** What {@link fire_waiting} calls, in order. */
	private waiting_handlers(name: string): readonly AnyHandler[] {
		const known = this.waiting_index.get(name);
		if (known) return known;
		const handlers = this.get_handlers(name);
		if (handlers.length === 0) return handlers;
		const waiting = handlers.map((handler) => handler.waiting ?? handler);
		this.waiting_index.set(name, waiting);
		return waiting;
	}

	private run_each(name: string, event: unknown, attempt: (call: () => unknown) => unknown): unknown {
		for (const handler of this.get_handlers(name)) {
			const answer = attempt(() => this.call(handler, name, event));
			if (answer !== undefined) return answer;
		}
		return undefined;
	}

	private call(handler: AnyHandler, name: string, event: unknown): unknown {
		return this.debug_hook ? this.debug_hook(handler, name, () => handler(event)) : handler(event);
	}
}
