// No counterpart: Prosody's pages are templates of util.interpolation with st.xml_escape.

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** A text as it may stand in HTML, between tags or in an attribute with quotes. */
export function html_escape(text: string): string {
	return text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? "");
}
