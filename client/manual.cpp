// The manual page, in roff with the macros of man(7).
#include "client/help.hpp"
#include "core/configuration/text.hpp"

namespace cm::client {

namespace {

using core::configuration::split;

// Plain text for roff: "\" and "-" are its own, and a line must not begin with a control character.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '"')
      out += "\\(dq";
    else if ((c == '.' || c == '\'') && out.empty())
      out += std::string("\\&") + c;
    else
      out += c;
  }
  return out;
}

std::string full_name(const command_spec& of) {
  return of.group.empty() ? std::string(of.name) : std::string(of.group) + ' ' + std::string(of.name);
}

void append_option(std::string& out, const option_spec& one) {
  out += ".TP\n\\fB" + escaped(one.name) + "\\fR";
  if (!one.value.empty())
    out += " \\fI" + escaped(one.value) + "\\fR";
  out += '\n' + escaped(one.help) + '\n';
  if (one.choices.empty())
    return;
  std::string choices;
  for (const auto choice : split(one.choices, ' '))
    choices += (choices.empty() ? "" : ", ") + std::string(choice);
  out += "One of: " + escaped(choices) + ".\n";
}

void append_command(std::string& out, const command_spec& of) {
  out += ".SS \"cm " + escaped(full_name(of)) + (of.operands.empty() ? "" : " " + escaped(of.operands)) + "\"\n";
  std::string summary(of.summary);
  if (summary.front() >= 'a' && summary.front() <= 'z')
    summary.front() = static_cast<char>(summary.front() - 'a' + 'A');
  out += escaped(summary) + ".\n";
  if (!of.text.empty()) {
    for (const auto paragraph : split(of.text, '\n'))
      out += ".PP\n" + escaped(paragraph) + '\n';
  }
  for (const auto options : {of.options, of.more_options}) {
    for (const auto& one : options)
      append_option(out, one);
  }
  if (!of.example.empty())
    out += ".PP\nExample:\n.PP\n.RS\n.nf\n" + escaped(of.example) + "\n.fi\n.RE\n";
}

constexpr std::string_view head = R"(.\" Made from client/command_table.cpp by the target cm_manual_page.
.TH CM 1 "" "CM" "Credential Management"
.SH NAME
cm \- credential management for the Kaa IoT platform
.SH SYNOPSIS
.B cm
[\fICOMMAND\fR] [\fIOPTIONS\fR]
.br
.B cm
[\fICOMMAND\fR] \-\-help
.br
.B cm
\-\-version
.SH DESCRIPTION
CM knows the credentials by which devices are let into a Kaa platform: endpoint tokens, usernames with passwords,
certificates.
Without a command it runs as the service.
The commands for tokens, credentials and certificates ask the REST API of a service that runs.
.PP
Options may stand before or behind operands, as \fB\-\-option\fR \fIvalue\fR or \fB\-\-option\fR=\fIvalue\fR;
\fB\-\-\fR ends them.
\fB\-\-help\fR behind a command shows its options.
)";

constexpr std::string_view tail = R"(.SH EXIT STATUS
.TP
0
Done, or stopped on request.
.TP
1
Refused or failed; the message is on standard error. \fBcm doctor\fR has findings that are left.
.TP
64
Wrong command line.
.TP
69
The service cannot be reached or did not answer in time; \fBcm serve\fR gave up; \fBcm migrate\fR or \fBcm doctor\fR has no
database.
.TP
77
The license is refused.
.TP
78
The configuration is wrong.
.SH ENVIRONMENT
.TP
\fBAPP_CONFIG_PATH\fR
The configuration file (/srv/cm/service\-config.yml).
.TP
\fBCM_URL\fR
Default of \fB\-\-url\fR for commands that ask the REST API.
.TP
\fBCM_BEARER_TOKEN_FILE\fR
Default of \fB\-\-bearer\-token\-file\fR.
.TP
\fBCM_CA_FILE\fR
Default of \fB\-\-ca\-file\fR.
.PP
What configures the service is in docs/configuration.md.
)";

} // namespace

std::string render_manual() {
  std::string out(head);
  out += ".SH COMMANDS\n";
  const command_spec* first_asking = nullptr;
  for (const auto& one : commands()) {
    if (first_asking == nullptr && !one.connection.empty())
      first_asking = &one;
    append_command(out, one);
  }
  out += ".SH \"OPTIONS OF EVERY COMMAND THAT ASKS THE REST API\"\n";
  for (const auto& one : first_asking->connection)
    append_option(out, one);
  out += tail;
  return out;
}

} // namespace cm::client
