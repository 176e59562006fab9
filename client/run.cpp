#include "client/run.hpp"

#include "client/help.hpp"
#include "client/input.hpp"
#include "client/output.hpp"
#include "client/rendering.hpp"
#include "client/rest_calls.hpp"
#include "client/settings.hpp"
#include "client/streams.hpp"
#include "core/base/exit_status.hpp"

#include <iostream>
#include <utility>

namespace cm::client {

namespace {

using core::exit_status;

constexpr std::size_t max_certificate = std::size_t{48} * 1024; // request bodies are limited to 64 KiB

int wrong_usage(const core::error& what) {
  std::cerr << "cm: " << what.message << '\n';
  return static_cast<int>(exit_status::usage);
}

int print(std::string_view text) {
  output out;
  if (out.write(text))
    return 0;
  std::cerr << "cm: " << out.error() << '\n';
  return static_cast<int>(exit_status::failed);
}

int ask_health(const invocation& of, const core::configuration::environment& variables) {
  if (of.has("--liveness") && of.has("--readiness"))
    return wrong_usage(core::make_error(core::errc::invalid, "health takes one of --liveness and --readiness"));
  const auto with = health_settings_of(of, variables);
  if (!with)
    return wrong_usage(with.error());
  http::client_request request;
  request.target = of.has("--liveness") ? "/health/liveness" : of.has("--readiness") ? "/health/readiness" : "/health";
  const auto got = ask(*with, std::move(request));
  const bool good = got && got->status == 200;
  const int printed = print((got ? render_health(*got) : "no health: " + got.error().message) + '\n');
  return good ? printed : static_cast<int>(exit_status::failed);
}

core::expected<call_material> read_material(const invocation& of) {
  call_material result;
  for (const auto& [option, prompt] : {std::pair{"--password-file", "Password"}, std::pair{"--token-file", "Token"}}) {
    const auto file = of.value(option);
    if (!file)
      continue;
    auto secret = read_secret(*file, prompt);
    if (!secret)
      return secret.error();
    result.secret_value = std::move(*secret);
  }
  if (of.command->id == command_id::certificate_create && of.has("--file")) {
    auto text = read_small_file(*of.value("--file"), max_certificate);
    if (!text)
      return text.error();
    result.certificate = std::move(*text);
  }
  return result;
}

// The text to print; empty if the response is not one of the API.
std::optional<std::string> render(const rest_call& call, const http::client_response& got, bool as_json,
                                  std::string& note) {
  if (call.shape == answer_shape::nothing)
    return as_json ? std::string{} : std::string("deleted\n");
  if (as_json)
    return got.body + '\n';
  if (call.shape == answer_shape::item) {
    note = call.note;
    return render_item(got.body, call.columns);
  }
  auto page = render_page(got.body, call.columns);
  if (!page)
    return std::nullopt;
  if (page->shown != page->total)
    note = std::to_string(page->shown) + (page->total_is_lower_bound ? " of at least " : " of ")
           + std::to_string(page->total) + " are shown; see --offset and --limit";
  return std::move(page->table);
}

int ask_rest(const invocation& of, const connection_settings& with) {
  const auto material = read_material(of);
  if (!material)
    return wrong_usage(material.error());
  auto call = make_rest_call(of, *material);
  if (!call)
    return wrong_usage(call.error());
  auto got = ask(with, std::move(call->request));
  if (!got)
    return report(got.error());
  if (got->status < 200 || got->status > 299) {
    std::cerr << render_problem(*got);
    return static_cast<int>(exit_status::failed);
  }
  std::string note;
  auto text = render(*call, *got, of.value("--output") == "json", note);
  core::wipe(got->body);
  if (!text) {
    std::cerr << "cm: the response of " << with.url.authority << " is not one of the API\n";
    return static_cast<int>(exit_status::failed);
  }
  const int status = print(*text);
  core::wipe(*text);
  if (!note.empty() && status == 0)
    std::cerr << "cm: " << note << '\n';
  return status;
}

} // namespace

int report(const core::error& what) {
  if (what.code == core::errc::invalid)
    return wrong_usage(what);
  std::cerr << "cm: " << what.message << '\n';
  return static_cast<int>(what.code == core::errc::unavailable ? exit_status::gave_up : exit_status::failed);
}

bool is_client_command(command_id id) noexcept {
  return id >= command_id::health;
}

int run(const invocation& what, const core::configuration::environment& variables) {
  if (what.what == invocation::kind::help)
    return print(render_help(what));
  if (what.command->id == command_id::completion)
    return print(render_bash_completion());
  if (what.command->id == command_id::health)
    return ask_health(what, variables);
  const auto with = connection_settings_of(what, variables);
  if (!with)
    return wrong_usage(with.error());
  if (what.command->id == command_id::token_import)
    return import_tokens(what, *with);
  if (what.command->id == command_id::token_export)
    return export_tokens(what, *with);
  return ask_rest(what, *with);
}

} // namespace cm::client
