-- The configuration of Enjamb, in the words of Prosody's: https://prosody.im/doc/configure
-- Where you have a prosody.cfg.lua already, put it here, or have the unit name it (systemctl edit enjamb).
-- `enjamb check --config FILE` says what to look at.

admins = { }

modules_enabled = {
	"roster", "saslauth", "tls", "disco", "ping", "vcard", "version", "time", "uptime", "offline",
}

-- Accounts are made with `enjamb adduser`
allow_registration = false
authentication = "internal_hashed"
c2s_require_encryption = true

storage = "internal"
data_path = "/var/lib/enjamb"
pidfile = "/run/enjamb/enjamb.pid"
certificates = "/etc/enjamb/certs"

-- What systemd's journal keeps
log = { info = "*console" }

-- Replace both names by your own
VirtualHost "localhost"

Component "conference.localhost" "muc"
	restrict_room_creation = "local"
	modules_enabled = { "muc_mam" }
