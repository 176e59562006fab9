#include "actors/app/command_line.hpp"

#include "actors/app/doctor.hpp"
#include "actors/app/service.hpp"
#include "actors/app/service_ports.hpp"
#include "client/arguments.hpp"
#include "client/run.hpp"
#include "core/base/exit_status.hpp"
#include "core/base/process_signals.hpp"
#include "core/base/version.hpp"
#include "core/configuration/configuration.hpp"
#include "core/license/license.hpp"
#include "core/observability/logging.hpp"
#include "storage/schema/schema.hpp"
#include "storage/sql/client_thread.hpp"

#include <boost/version.hpp>
#include <caf/config.hpp>
#include <mysql.h>
#include <nats/nats.h>
#include <openssl/crypto.h>
#include <sodium.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace cm::actors {

namespace {

namespace configuration = core::configuration;

int wrong_usage(const std::string& what) {
  std::cerr << "cm: " << what << "; see cm --help\n";
  return core::to_int(core::exit_status::usage);
}

int show_version() {
  std::cout << "cm " << core::version() << " (" << core::commit() << ")\n"
            << "CAF " << CAF_MAJOR_VERSION << '.' << CAF_MINOR_VERSION << '.' << CAF_PATCH_VERSION << ", Boost "
            << BOOST_VERSION / 100000 << '.' << BOOST_VERSION / 100 % 1000 << '.' << BOOST_VERSION % 100 << ", cnats "
            << nats_GetVersion() << ", MariaDB Connector/C " << mysql_get_client_info() << ", "
            << OpenSSL_version(OPENSSL_VERSION) << ", libsodium " << sodium_version_string() << '\n';
  return 0;
}

// Writes configuration errors to standard error and to the termination log. Returns whether there were any.
bool report_errors(const configuration::load_result& loaded) {
  std::string all;
  for (const auto& problem : loaded.errors)
    all += "cm: " + configuration::render(problem) + '\n';
  if (!loaded.value && all.empty())
    all = "cm: the configuration cannot be read\n";
  if (all.empty())
    return false;
  std::cerr << all;
  core::write_termination_message(all);
  return true;
}

// Loads the settings for a command without a log: warnings and errors go to standard error. Returns nothing on errors.
std::optional<core::settings> load_settings() {
  auto loaded = configuration::load(configuration::environment::of_process());
  for (const auto& problem : loaded.warnings)
    std::cerr << "cm: warning: " << configuration::render(problem) << '\n';
  if (report_errors(loaded))
    return std::nullopt;
  return std::move(loaded.value);
}

int serve(const service_hooks& hooks) {
  core::reap_orphans();
  auto variables = configuration::environment::of_process();
  auto loaded = configuration::load(variables);
  if (report_errors(loaded))
    return core::to_int(core::exit_status::configuration);
  auto ports = bind_ports(*loaded.value); // before the log has a thread
  const auto logging = core::set_up_logging(loaded.value->logging, isatty(STDOUT_FILENO) == 1);
  if (logging.has_error()) {
    std::cerr << "cm: " << logging.error().message << '\n';
    core::write_termination_message(logging.error().message);
    return core::to_int(core::exit_status::configuration);
  }
  for (const auto& problem : loaded.warnings)
    core::logger("cm.configuration")->warn("{}", configuration::render(problem));
  if (loaded.value->credentials.trustful)
    core::logger("cm")->warn("trustful mode: unknown credentials are accepted; not for production");
  return run_service({*std::move(loaded.value), std::move(variables)}, std::move(ports), hooks);
}

int check_config() {
  const auto settings = load_settings();
  if (!settings)
    return core::to_int(core::exit_status::configuration);
  std::cout << configuration::describe(*settings);
  return 0;
}

void report_duplicates(const storage::duplicate_certificates& found) {
  const auto text = [](const core::uuid& id, core::credential_status status) {
    return core::to_string(id) + " (" + std::string(core::to_string(status)) + ')';
  };
  for (const auto& pair : found.named)
    std::cout << "one certificate is stored twice, in two spellings of its issuer: "
              << text(pair.first, pair.first_status) << " and " << text(pair.second, pair.second_status)
              << "; the stricter status counts, delete one of them\n";
  if (found.count > found.named.size())
    std::cout << "and " << found.count - found.named.size() << " more\n";
}

int migrate(bool dry_run) {
  const auto settings = load_settings();
  if (!settings)
    return core::to_int(core::exit_status::configuration);
  const storage::client_thread thread;
  const auto report = storage::update_schema(settings->database, dry_run);
  if (report.has_error()) {
    std::cerr << "cm: " << report.error().message << ' ' << report.error().detail << '\n';
    return core::to_int(core::exit_status::gave_up);
  }
  if (!report->refusal.empty()) {
    std::cerr << "cm: " << report->refusal << '\n';
    return core::to_int(core::exit_status::configuration);
  }
  std::cout << "schema of " << report->server << ": version " << report->recorded << ", this release brings "
            << report->known << '\n';
  for (const auto& step : report->steps)
    std::cout << (dry_run ? "would apply " : "applied ") << step << '\n';
  if (report->steps.empty())
    std::cout << "nothing to do\n";
  report_duplicates(report->duplicates);
  return 0;
}

int doctor(const client::invocation& arguments) {
  if (!arguments.has("--consistency"))
    return wrong_usage("cm doctor has one check so far: --consistency");
  const auto settings = load_settings();
  if (!settings)
    return core::to_int(core::exit_status::configuration);
  return core::to_int(check_consistency(*settings, {arguments.has("--repair"), arguments.value("--output") == "json"}));
}

int inspect_license() {
  const auto settings = load_settings();
  if (!settings)
    return core::to_int(core::exit_status::configuration);
  const auto license = core::check_license(settings->license, core::now_ms());
  if (license.has_error()) {
    std::cerr << "cm: " << license.error().message << '\n';
    return core::to_int(core::exit_status::license_refused);
  }
  std::cout << "subject:    " << license->subject << '\n'
            << "issuer:     " << license->issuer << '\n'
            << "serial:     " << license->serial << '\n'
            << "not before: " << core::to_iso8601(license->not_before) << '\n'
            << "not after:  " << core::to_iso8601(license->not_after) << '\n';
  return 0;
}

} // namespace

int run_command_line(int argc, const char* const* argv, const service_hooks& hooks) {
  const std::vector<std::string_view> words(argv + std::min(argc, 1), argv + argc);
  const auto parsed = client::parse_arguments(words);
  // Only the service waits for signals itself, and stops in order.
  const bool serves =
    parsed && parsed->what == client::invocation::kind::run && parsed->command->id == client::command_id::serve;
  if (!serves)
    core::end_on_signals();
  if (!parsed)
    return wrong_usage(parsed.error().message);
  if (parsed->what == client::invocation::kind::version)
    return show_version();
  if (parsed->what == client::invocation::kind::help || client::is_client_command(parsed->command->id))
    return client::run(*parsed, configuration::environment::of_process());
  if (sodium_init() < 0) {
    std::cerr << "cm: libsodium cannot be initialised\n";
    return core::to_int(core::exit_status::gave_up);
  }
  switch (parsed->command->id) {
  case client::command_id::check_config:
    return check_config();
  case client::command_id::migrate:
    return migrate(parsed->has("--dry-run"));
  case client::command_id::doctor:
    return doctor(*parsed);
  case client::command_id::license_inspect:
    return inspect_license();
  default:
    return serve(hooks);
  }
}

} // namespace cm::actors
