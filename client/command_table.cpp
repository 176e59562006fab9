#include "client/command_table.hpp"

#include <algorithm>

namespace cm::client {

namespace {

constexpr std::string_view statuses = "Inactive Active Suspended Revoked";

// --- options of several commands

constexpr option_spec timeout{"--timeout", "TIME",
                              "Maximum time to wait for the service, such as 500ms, 10s or 1m (default 30s)."};
constexpr option_spec client_id{"--client-id", "ID", "ID of the client on the platform (default: CM generates an ID)."};

constexpr option_spec paging[]{
  {"--offset", "N", "Number of items to skip (default 0)."},
  {"--limit", "N", "Maximum number of items to show, 1 to 1000 (default 20)."},
};

constexpr option_spec listing[]{
  {"--status", "STATUS", "Only items in this state; may be given several times.", statuses, true},
  {"--offset", "N", "Number of items to skip (default 0)."},
  {"--limit", "N", "Maximum number of items to show, 1 to 1000 (default 20)."},
  {"--order", "ORDER", "By creation: ASC, or DESC, the newest first (default).", "ASC DESC"},
};

constexpr option_spec connection[]{
  {"--url", "URL",
   "URL of the REST API, http or https (default: CM_URL, else the server.port of the configuration on this machine)."},
  {"--bearer-token-file", "FILE",
   "File with the access token (default: CM_BEARER_TOKEN_FILE, else none). The token itself cannot be an option, "
   "because it would be visible in the process list."},
  {"--ca-file", "FILE", "Certificate authorities of an https service, PEM (default: CM_CA_FILE, else the system's)."},
  {"--certificate-file", "FILE", "Client certificate chain for an https service, PEM."},
  {"--key-file", "FILE", "Private key of that certificate, PEM."},
  {"--correlation-id", "ID", "ID of the request in the log, the audit trail and events (default: CM generates one)."},
  timeout,
  {"--output", "FORMAT", "table for people (default), json for programs: the response of the API.", "table json"},
};
constexpr std::span<const option_spec> with_output{connection};
constexpr std::span<const option_spec> without_output = with_output.first(with_output.size() - 1);

// --- options of single commands

constexpr option_spec migrate_options[]{
  {"--dry-run", "", "Only show what would be applied."},
};
constexpr option_spec doctor_options[]{
  {"--consistency", "", "Check whether credentials, audit trail, revocations and outbox of the database agree."},
  {"--repair", "",
   "With --consistency: write the revocations that are missing, so that running replicas send their events, and delete "
   "outbox rows without a revocation. No credential is changed."},
  {"--output", "FORMAT", "table for people (default), json for programs: an object on each line.", "table json"},
};
constexpr option_spec health_options[]{
  {"--liveness", "", "Check whether the process works, regardless of its dependencies."},
  {"--readiness", "", "Check whether the service accepts requests."},
  {"--url", "URL", "URL of the management port (default: the management.port of the configuration on this machine)."},
  {"--timeout", "TIME", "Maximum time to wait for the response, such as 500ms or 3s (default 3s)."},
};
constexpr option_spec token_create_options[]{
  {"--application", "NAME", "The application of the token; required."},
  {"--token-file", "FILE", "File with the token's value; \"-\" is standard input (default: CM generates one)."},
};
constexpr option_spec token_delete_options[]{
  {"--all", "", "Delete all tokens of the endpoint; replaces the TOKEN_ID."},
};
constexpr option_spec token_export_options[]{
  {"--application", "NAME", "Only tokens of this application."},
  {"--file", "FILE", "Write to this file, which appears only when the export is complete (default: standard output)."},
};
constexpr option_spec password_file{"--password-file", "FILE",
                                    "File with the password; \"-\" is standard input, and on a terminal cm prompts for "
                                    "it without echo (default: CM generates a password and shows it once)."};
constexpr option_spec credential_create_options[]{password_file, client_id};
constexpr option_spec credential_password_options[]{password_file};
constexpr option_spec credential_list_options[]{
  {"--username", "NAME", "Only this username."},
};
constexpr option_spec certificate_create_options[]{
  {"--file", "FILE", "The certificate, PEM; \"-\" is standard input. Issuer and serial number are taken from it."},
  {"--issuer", "NAME", "Distinguished name of the issuer (RFC 4514), such as \"CN=Devices CA,O=Example\"."},
  {"--serial-number", "NUMBER", "Serial number, decimal, or hexadecimal with the prefix 0x."},
  client_id,
};
constexpr option_spec certificate_list_options[]{
  {"--issuer", "NAME", "Only certificates of this issuer."},
  {"--serial-number", "NUMBER", "Only certificates with this serial number."},
};

// --- commands

constexpr std::string_view suspended_text = "CM refuses it until it is activated again, and notifies consumers.";
constexpr std::string_view revoked_text = "CM refuses it permanently, and notifies consumers.";

constexpr command_spec table[]{
  {command_id::serve, "", "serve", "", "run the service (what cm does without a command)",
   "Runs the service until SIGTERM or SIGINT; a second signal ends it immediately. Takes no options: the file and the "
   "environment configure everything."},
  {command_id::check_config, "", "check-config", "", "check the configuration and show the effective values",
   "Reads the configuration like cm serve does, reports all errors and warnings, and shows the effective values with "
   "their sources; secrets are masked. Exit status 0 if the configuration is valid, else 78."},
  {command_id::migrate, "", "migrate", "", "update the schema of the database, and exit",
   "cm serve does the same at its start; use this command to do it as a separate step.", migrate_options},
  {command_id::doctor, "", "doctor", "", "check the consistency of the database, and repair it",
   "Each check is an option; the only one so far is --consistency. The command connects to the database like cm "
   "migrate, and may run while replicas run. Each finding is a line with the table, the ID, the problem and its time; "
   "the last line is a summary. Rows that were removed because of kaa.cm.audit.retention and "
   "kaa.cm.revocations.retention do not count as missing.\n"
   "Exit status 0 if there are no findings or all are repaired; 1 if findings are left; 69 if the database cannot be "
   "reached; 78 if this release does not know the schema of the database.",
   doctor_options},
  {command_id::license_inspect, "license", "inspect", "", "check the license file and show its content",
   "Checks the license file (KAA_LICENSE_CERT_PATH, KAA_LICENSE_CERT_PASSWORD) like cm serve does, and shows its "
   "content. Exit status 0 if it is accepted, else 77."},
  {command_id::health,
   "",
   "health",
   "",
   "check the health of a running service, for example of a container",
   "Requests /health from the management port, prints one line, and exits with 0 if the response is HTTP 200, else "
   "with 1, also if there is no response. Reads the port from the configuration like cm serve does. Needs no shell:\n"
   "HEALTHCHECK CMD [\"cm\", \"health\", \"--liveness\"]",
   health_options,
   {},
   {},
   "cm health --readiness --timeout 1s"},

  {command_id::token_create,
   "token",
   "create",
   "ENDPOINT_ID",
   "create a token for an endpoint",
   "The value of the token is shown only once.",
   token_create_options,
   {},
   with_output,
   "cm token create kettle-1 --application smart_kettle"},
  {command_id::token_list,
   "token",
   "list",
   "ENDPOINT_ID",
   "list the tokens of an endpoint",
   "",
   listing,
   {},
   with_output,
   "cm token list kettle-1 --status Active --status Inactive"},
  {command_id::token_show, "token", "show", "ENDPOINT_ID TOKEN_ID", "show one token", "", {}, {}, with_output},
  {command_id::token_suspend,
   "token",
   "suspend",
   "ENDPOINT_ID TOKEN_ID",
   "refuse a token temporarily",
   suspended_text,
   {},
   {},
   with_output},
  {command_id::token_activate,
   "token",
   "activate",
   "ENDPOINT_ID TOKEN_ID",
   "accept a suspended or new token",
   "",
   {},
   {},
   with_output},
  {command_id::token_revoke,
   "token",
   "revoke",
   "ENDPOINT_ID TOKEN_ID",
   "refuse a token permanently",
   revoked_text,
   {},
   {},
   with_output},
  {command_id::token_delete,
   "token",
   "delete",
   "ENDPOINT_ID [TOKEN_ID]",
   "delete a token, or all of an endpoint",
   "",
   token_delete_options,
   {},
   with_output,
   "cm token delete kettle-1 --all"},
  {command_id::token_history,
   "token",
   "history",
   "ENDPOINT_ID TOKEN_ID",
   "show the audit trail of a token",
   "The newest change first.",
   paging,
   {},
   with_output},
  {command_id::token_import,
   "token",
   "import",
   "[FILE]",
   "create many tokens from lines of JSON",
   "Reads any number of lines of JSON, such as "
   "{\"endpointId\":\"kettle-1\",\"applicationName\":\"smart_kettle\",\"token\":\"TOKEN\"}, from FILE, or from "
   "standard input if FILE is missing or \"-\". Writes one result line for each line to standard output, in the same "
   "order; a token that CM generates is shown only there. A failed line does not affect the others. On a terminal a "
   "bar shows the progress; at the end a line on standard error counts the results.\n"
   "Exit status 1 if lines failed. An import may be repeated: a line whose token exists already changes nothing, but a "
   "line without a token creates another token each time.",
   {},
   {},
   without_output,
   "cm token import tokens.ndjson > results.ndjson"},
  {command_id::token_export,
   "token",
   "export",
   "",
   "read all tokens as lines of JSON, without their values",
   "This is not a backup, because CM does not have the values of the tokens. Exit status 69 if the stream was "
   "interrupted.",
   token_export_options,
   {},
   without_output,
   "cm token export --application smart_kettle --file tokens.ndjson"},

  {command_id::credential_create,
   "credential",
   "create",
   "USERNAME",
   "create a username with a password",
   "",
   credential_create_options,
   {},
   with_output,
   "cm credential create gateway-7 --password-file password.txt"},
  {command_id::credential_list, "credential", "list", "", "list usernames", "", credential_list_options, listing,
   with_output},
  {command_id::credential_show, "credential", "show", "CREDENTIAL_ID", "show one username", "", {}, {}, with_output},
  {command_id::credential_suspend,
   "credential",
   "suspend",
   "CREDENTIAL_ID",
   "refuse a username temporarily",
   suspended_text,
   {},
   {},
   with_output},
  {command_id::credential_activate,
   "credential",
   "activate",
   "CREDENTIAL_ID",
   "accept a suspended or new username",
   "",
   {},
   {},
   with_output},
  {command_id::credential_revoke,
   "credential",
   "revoke",
   "CREDENTIAL_ID",
   "refuse a username permanently",
   revoked_text,
   {},
   {},
   with_output},
  {command_id::credential_delete,
   "credential",
   "delete",
   "CREDENTIAL_ID",
   "delete a username",
   "",
   {},
   {},
   with_output},
  {command_id::credential_password,
   "credential",
   "password",
   "CREDENTIAL_ID",
   "set a new password",
   "Existing connections stay open.",
   credential_password_options,
   {},
   with_output},

  {command_id::certificate_create,
   "certificate",
   "create",
   "",
   "register a certificate",
   "Needs --file, or --issuer and --serial-number. The response shows the issuer in the form that CM compares.",
   certificate_create_options,
   {},
   with_output,
   "cm certificate create --file gateway-7.pem --client-id gateway-7"},
  {command_id::certificate_list, "certificate", "list", "", "list certificates", "", certificate_list_options, listing,
   with_output},
  {command_id::certificate_show,
   "certificate",
   "show",
   "CREDENTIAL_ID",
   "show one certificate",
   "",
   {},
   {},
   with_output},
  {command_id::certificate_suspend,
   "certificate",
   "suspend",
   "CREDENTIAL_ID",
   "refuse a certificate temporarily",
   suspended_text,
   {},
   {},
   with_output},
  {command_id::certificate_activate,
   "certificate",
   "activate",
   "CREDENTIAL_ID",
   "accept a suspended or new certificate",
   "",
   {},
   {},
   with_output},
  {command_id::certificate_revoke,
   "certificate",
   "revoke",
   "CREDENTIAL_ID",
   "refuse a certificate permanently",
   revoked_text,
   {},
   {},
   with_output},
  {command_id::certificate_delete,
   "certificate",
   "delete",
   "CREDENTIAL_ID",
   "delete a certificate",
   "",
   {},
   {},
   with_output},

  {command_id::completion,
   "completion",
   "bash",
   "",
   "print the bash completion script of cm",
   "",
   {},
   {},
   {},
   "source <(cm completion bash)"},
};

constexpr group_spec group_table[]{
  {"license", "the license file"},
  {"token", "endpoint tokens of a running service"},
  {"credential", "usernames and passwords of a running service"},
  {"certificate", "client certificates of a running service"},
  {"completion", "shell completion"},
};

} // namespace

std::string full_name(const command_spec& of) {
  return of.group.empty() ? std::string(of.name) : std::string(of.group) + ' ' + std::string(of.name);
}

std::span<const command_spec> commands() {
  return table;
}

std::span<const group_spec> groups() {
  return group_table;
}

const command_spec* find_command(std::string_view group, std::string_view name) {
  const auto all = commands();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const auto& command) { return command.group == group && command.name == name; });
  return found == all.end() ? nullptr : &*found;
}

const group_spec* find_group(std::string_view name) {
  const auto all = groups();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& group) { return group.name == name; });
  return found == all.end() ? nullptr : &*found;
}

} // namespace cm::client
