// The manual page, in roff with the macros of man(7).
#include "client/help.hpp"
#include "core/base/text.hpp"
#include "core/configuration/text.hpp"

namespace cm::client {

namespace {

using core::configuration::split;

// Escapes plain text for roff: "\" and "-" have a meaning in roff, and "." and "'" have one at the beginning of a line.
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

void append_option(std::string& out, const option_spec& option) {
  out += ".TP\n\\fB" + escaped(option.name) + "\\fR";
  if (!option.value.empty())
    out += " \\fI" + escaped(option.value) + "\\fR";
  out += '\n' + escaped(option.help) + '\n';
  if (option.choices.empty())
    return;
  std::string choices;
  for (const auto choice : split(option.choices, ' '))
    choices += (choices.empty() ? "" : ", ") + std::string(choice);
  out += "One of: " + escaped(choices) + ".\n";
}

void append_command(std::string& out, const command_spec& of) {
  out += ".SS \"cm " + escaped(full_name(of)) + (of.operands.empty() ? "" : " " + escaped(of.operands)) + "\"\n";
  std::string summary(of.summary);
  summary.front() = core::to_upper(summary.front());
  out += escaped(summary) + ".\n";
  if (!of.text.empty()) {
    for (const auto paragraph : split(of.text, '\n'))
      out += ".PP\n" + escaped(paragraph) + '\n';
  }
  for (const auto options : {of.options, of.more_options}) {
    for (const auto& option : options)
      append_option(out, option);
  }
  if (!of.example.empty())
    out += ".PP\nExample:\n.PP\n.RS\n.nf\n" + escaped(of.example) + "\n.fi\n.RE\n";
}

constexpr std::string_view page_head = R"(.\" Generated from client/command_table.cpp by the target cm_manual_page.
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
CM manages the credentials of the devices of a Kaa platform: endpoint tokens, usernames with passwords, certificates.
Without a command it runs the service.
The commands for tokens, credentials and certificates call the REST API of a running service.
.PP
Options may precede or follow operands, as \fB\-\-option\fR \fIvalue\fR or \fB\-\-option\fR=\fIvalue\fR;
\fB\-\-\fR ends them.
\fB\-\-help\fR after a command shows its options.
)";

constexpr std::string_view page_tail = R"(.SH EXIT STATUS
.TP
0
Done, or stopped on request.
.TP
1
Refused or failed; the message is on standard error. For \fBcm doctor\fR: findings are left.
.TP
64
Wrong command line.
.TP
69
The service cannot be reached or did not answer in time; \fBcm serve\fR gave up; \fBcm migrate\fR or \fBcm doctor\fR
cannot reach the database.
.TP
77
The license is refused.
.TP
78
The configuration is invalid, or this release does not know the schema of the database.
.SH ENVIRONMENT
.TP
\fBAPP_CONFIG_PATH\fR
The configuration file (/srv/cm/service\-config.yml).
.TP
\fBCM_URL\fR
Default of \fB\-\-url\fR for commands that call the REST API.
.TP
\fBCM_BEARER_TOKEN_FILE\fR
Default of \fB\-\-bearer\-token\-file\fR.
.TP
\fBCM_CA_FILE\fR
Default of \fB\-\-ca\-file\fR.
.PP
docs/configuration.md describes the configuration of the service.
)";

} // namespace

std::string render_manual() {
  std::string out(page_head);
  out += ".SH COMMANDS\n";
  const command_spec* first_rest_command = nullptr;
  for (const auto& command : commands()) {
    if (first_rest_command == nullptr && !command.connection.empty())
      first_rest_command = &command;
    append_command(out, command);
  }
  out += ".SH \"OPTIONS OF COMMANDS THAT CALL THE REST API\"\n";
  for (const auto& option : first_rest_command->connection)
    append_option(out, option);
  out += page_tail;
  return out;
}

} // namespace cm::client
