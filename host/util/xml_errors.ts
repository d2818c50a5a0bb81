// No counterpart: expat has numbers for what is wrong.

/** XML that is not well-formed, or that XMPP forbids. */
export class XmlError extends Error {
	constructor(message: string) {
		super(message);
		this.name = "XmlError";
	}
}

/** XML that is well-formed, but has features that RFC 6120 §11.1 forbids in XMPP. */
export class RestrictedXml extends XmlError {
	constructor(what: string) {
		super(`${what}: restricted XML, see RFC 6120 section 11.1`);
		this.name = "RestrictedXml";
	}
}

/** An element with more attributes than allowed. */
export class TooManyAttributes extends Error {
	constructor(limit: number) {
		super(`more than ${limit} attributes in an element`);
		this.name = "TooManyAttributes";
	}
}
