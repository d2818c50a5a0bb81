// No counterpart: what the API answers, as /api/openapi.json describes it.

export interface HostInfo {
	readonly host: string;
	readonly type: "local" | "component";
	readonly rooms: boolean;
	readonly sessions: number;
}

/** A node of a cluster; where there is none, the server itself, without a name. */
export interface NodeInfo {
	readonly node: string;
	readonly version: string;
	readonly started: number;
	readonly memory: number;
	readonly sessions: number;
}

export interface ServerInfo {
	readonly version: string;
	readonly started: number;
	readonly memory: number;
	readonly caller: string;
	readonly manages_server: boolean;
	readonly hosts: readonly HostInfo[];
	readonly nodes: readonly NodeInfo[];
}

export interface RoomInfo {
	readonly jid: string;
	readonly name: string;
	readonly description: string;
	readonly subject: string;
	readonly occupants: number;
	readonly public: boolean;
	readonly persistent: boolean;
	readonly members_only: boolean;
	readonly moderated: boolean;
	readonly password_protected: boolean;
	readonly last_message: number;
}

export interface OccupantInfo {
	readonly jid: string;
	readonly nick: string;
	readonly role: string;
}

export interface AffiliationInfo {
	readonly username: string;
	readonly domain: string;
	readonly affiliation: string;
	readonly reason: string;
}

export interface FormField {
	readonly name: string;
	readonly type: string;
	readonly label: string;
	readonly desc: string;
	readonly value: string | boolean | string[];
	readonly options: readonly { readonly value: string; readonly label: string }[];
}

export interface ArchivePage {
	readonly messages: readonly {
		readonly id: string;
		readonly timestamp: string;
		readonly nick: string;
		readonly body: string;
	}[];
	readonly complete: boolean;
}

export interface SessionInfo {
	readonly jid: string;
	readonly connection: string;
	readonly ip: string;
	readonly node: string;
	readonly uptime: number;
	readonly status: string;
	readonly resource: string;
	readonly role: string;
}

export interface ModuleInfo {
	readonly host: string;
	readonly name: string;
	readonly language: string;
	readonly status: string;
	readonly message: string;
	readonly node: string;
}

export interface Metric {
	readonly name: string;
	readonly kind: string;
	readonly unit: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly value: number;
	readonly node: string;
}

export interface LogLine {
	readonly time: number;
	readonly source: string;
	readonly level: "debug" | "info" | "warn" | "error";
	readonly text: string;
}
