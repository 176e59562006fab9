#include "client/command_table.hpp"

#include <algorithm>

namespace cm::client {

namespace {

constexpr std::string_view statuses = "Inactive Active Suspended Revoked";

// --- options that several commands have

constexpr option_spec timeout{"--timeout", "TIME",
                              "Longest wait for the service, such as 500ms, 10s or 1m (default 30s)."};
constexpr option_spec client_id{"--client-id", "ID",
                                "What the client is called on the platform (default: CM makes an ID)."};

constexpr option_spec paging[]{
  {"--offset", "N", "How many to leave out (default 0)."},
  {"--limit", "N", "How many to show at most, 1 to 1000 (default 20)."},
};

constexpr option_spec listing[]{
  {"--status", "STATUS", "Only those in this state; may stand several times.", statuses, true},
  {"--offset", "N", "How many to leave out (default 0)."},
  {"--limit", "N", "How many to show at most, 1 to 1000 (default 20)."},
  {"--order", "ORDER", "By creation: ASC, or DESC, the newest first (default).", "ASC DESC"},
};

constexpr option_spec connection[]{
  {"--url", "URL",
   "Where the REST API is, http or https (default: CM_URL, else the server.port of the configuration on this "
   "machine)."},
  {"--bearer-token-file", "FILE",
   "File with the access token to show (default: CM_BEARER_TOKEN_FILE, else none). A token itself is never an option: "
   "others would see it in the list of processes."},
  {"--ca-file", "FILE", "Authorities that vouch for an https service, PEM (default: CM_CA_FILE, else the system's)."},
  {"--certificate-file", "FILE", "Certificate chain to show to an https service, PEM."},
  {"--key-file", "FILE", "Private key of that certificate, PEM."},
  {"--correlation-id", "ID", "What log, audit trail and events shall know the request by (default: CM makes one)."},
  timeout,
  {"--output", "FORMAT", "table for people (default), json for programs: the API's own answer.", "table json"},
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
  {"--liveness", "", "Ask whether the process works, whatever its dependencies do."},
  {"--readiness", "", "Ask whether it takes requests."},
  {"--url", "URL", "Where the management port is (default: the management.port of the configuration on this machine)."},
  {"--timeout", "TIME", "Longest wait for the answer, such as 500ms or 3s (default 3s)."},
};
constexpr option_spec token_create_options[]{
  {"--application", "NAME", "The application that the token is of; required."},
  {"--token-file", "FILE", "File with the token's value; \"-\" is standard input (default: CM makes one)."},
};
constexpr option_spec token_delete_options[]{
  {"--all", "", "Delete all tokens of the endpoint; stands for the TOKEN_ID."},
};
constexpr option_spec token_export_options[]{
  {"--application", "NAME", "Only tokens of this application."},
  {"--file", "FILE", "Write to this file, which is there only when the export is complete (default: standard output)."},
};
constexpr option_spec password_file{
  "--password-file", "FILE",
  "File with the password; \"-\" is standard input, where a terminal is asked without echo (default: CM makes a "
  "password and shows it once)."};
constexpr option_spec credential_create_options[]{password_file, client_id};
constexpr option_spec credential_password_options[]{password_file};
constexpr option_spec credential_list_options[]{
  {"--username", "NAME", "Only this username."},
};
constexpr option_spec certificate_create_options[]{
  {"--file", "FILE", "The certificate, PEM; \"-\" is standard input. Issuer and serial number are taken from it."},
  {"--issuer", "NAME", "Distinguished name of the issuer (RFC 4514), such as \"CN=Devices CA,O=Example\"."},
  {"--serial-number", "NUMBER", "Serial number, decimal, or hexadecimal behind 0x."},
  client_id,
};
constexpr option_spec certificate_list_options[]{
  {"--issuer", "NAME", "Only certificates of this issuer."},
  {"--serial-number", "NUMBER", "Only certificates with this serial number."},
};

// --- commands

constexpr std::string_view suspended_text =
  "It is refused from now on, until it is activated again. Consumers are told.";
constexpr std::string_view revoked_text = "It is refused from now on, for ever. Consumers are told.";

constexpr command_spec table[]{
  {command_id::serve, "", "serve", "", "run the service (what cm does without a command)",
   "Runs the service until SIGTERM or SIGINT; a second signal ends it at once. Takes no options: everything is "
   "configured by the file and the environment."},
  {command_id::check_config, "", "check-config", "", "read the configuration, say what is wrong, show what it comes to",
   "Reads the configuration as cm serve would, reports every error and warning, and shows the effective values with "
   "their sources; secrets are masked. Exit status 0 when the service would start with it, else 78."},
  {command_id::migrate, "", "migrate", "", "bring the database's schema up to date, and end",
   "cm serve does the same at its start; this is for those who want to do it as a step of its own.", migrate_options},
  {command_id::doctor, "", "doctor", "", "check the consistency of the database, and repair it",
   "Its checks are options; the only one so far is --consistency. It connects to the database as cm migrate does, and "
   "may "
   "run beside replicas. Each finding is a line with the table, the ID, what is wrong and since when; the last line "
   "sums "
   "up. What kaa.cm.audit.retention and kaa.cm.revocations.retention have let go is not missing.\n"
   "Exit status 0 when nothing is wrong, or everything that was wrong is repaired; 1 when something is left; 69 when "
   "the "
   "database cannot be reached; 78 for a database that this release does not know.",
   doctor_options},
  {command_id::license_inspect, "license", "inspect", "", "check the license file and show what it says",
   "Checks the license file (KAA_LICENSE_CERT_PATH, KAA_LICENSE_CERT_PASSWORD) as the start does, and shows what it "
   "says. Exit status 0 when it is accepted, else 77."},
  {command_id::health,
   "",
   "health",
   "",
   "ask a running service for its health: the check of a container",
   "Asks /health of the management port, prints one line, and ends with 0 when the answer is HTTP 200, else with 1, "
   "also "
   "when nobody answers. The port is that of the configuration, found as cm serve finds it. Needs no shell:\n"
   "HEALTHCHECK CMD [\"cm\", \"health\", \"--liveness\"]",
   health_options,
   {},
   {},
   "cm health --readiness --timeout 1s"},

  {command_id::token_create,
   "token",
   "create",
   "ENDPOINT_ID",
   "make a token for an endpoint",
   "The value of the token is shown once and never again.",
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
   "refuse a token for a while",
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
   "refuse a token for ever",
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
   "show what happened to a token",
   "The newest change first.",
   paging,
   {},
   with_output},
  {command_id::token_import,
   "token",
   "import",
   "[FILE]",
   "make many tokens, from lines of JSON",
   "Reads FILE, or standard input without it or for \"-\": lines of JSON such as "
   "{\"endpointId\":\"kettle-1\",\"applicationName\":\"smart_kettle\",\"token\":\"TOKEN\"}, of any number. One result "
   "line "
   "for each goes to standard output, in the same order; a token that CM makes is shown there and never again. A "
   "line that fails fails alone. On a terminal a bar shows how far it is; at the end a line on standard error counts "
   "the results.\n"
   "Exit status 1 when lines failed. An import may be repeated: a line whose token is there already is unchanged, but "
   "a "
   "line without a token makes another one each time.",
   {},
   {},
   without_output,
   "cm token import tokens.ndjson > results.ndjson"},
  {command_id::token_export,
   "token",
   "export",
   "",
   "read all tokens as lines of JSON, without their values",
   "It is no backup: nobody has the values of the tokens. Exit status 69 when the stream was cut.",
   token_export_options,
   {},
   without_output,
   "cm token export --application smart_kettle --file tokens.ndjson"},

  {command_id::credential_create,
   "credential",
   "create",
   "USERNAME",
   "make a username with a password",
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
   "refuse a username for a while",
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
   "refuse a username for ever",
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
   "set another password",
   "Whoever is connected stays connected.",
   credential_password_options,
   {},
   with_output},

  {command_id::certificate_create,
   "certificate",
   "create",
   "",
   "make a certificate known",
   "By --file, or by --issuer and --serial-number. The answer shows the issuer in the form that will be matched.",
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
   "refuse a certificate for a while",
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
   "refuse a certificate for ever",
   revoked_text,
   {},
   {},
   with_output},
  {command_id::certificate_delete,
   "certificate",
   "delete",
   "CREDENTIAL_ID",
   "forget a certificate",
   "",
   {},
   {},
   with_output},

  {command_id::completion,
   "completion",
   "bash",
   "",
   "print what makes bash complete the words of cm",
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
  {"completion", "completion of words by a shell"},
};

} // namespace

std::span<const command_spec> commands() {
  return table;
}

std::span<const group_spec> groups() {
  return group_table;
}

const command_spec* find_command(std::string_view group, std::string_view name) {
  const auto all = commands();
  const auto at =
    std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.group == group && one.name == name; });
  return at == all.end() ? nullptr : &*at;
}

const group_spec* find_group(std::string_view name) {
  const auto all = groups();
  const auto at = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
  return at == all.end() ? nullptr : &*at;
}

} // namespace cm::client
