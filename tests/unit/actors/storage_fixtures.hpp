// Requests and results for the tests of the storage dispatcher and of the actors that use the storage gate.
#pragma once

#include "actors/database/storage_dispatcher.hpp"
#include "actors/interfaces/storage_job.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace cm::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A point in the tests' virtual time.
inline core::steady_time at(milliseconds after_start) {
  return core::steady_time{std::chrono::hours{1}} + after_start;
}

inline core::steady_time far_away() {
  return at(std::chrono::hours{1});
}

/// The key with this number. Keys from 1000 on are of tokens that do not exist.
inline core::token_hash key(std::size_t number) {
  core::token_hash out{};
  out[0] = static_cast<std::uint8_t>(number);
  out[1] = static_cast<std::uint8_t>(number >> 8U);
  return out;
}

inline std::size_t number_of(const core::token_hash& key) {
  return key[0] + (std::size_t{key[1]} << 8U);
}

inline std::vector<core::token_hash> keys(std::size_t first, std::size_t count) {
  std::vector<core::token_hash> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(key(first + i));
  return out;
}

inline core::uuid id_of(std::size_t number) {
  core::uuid out;
  out.bytes[14] = static_cast<std::uint8_t>(number >> 8U);
  out.bytes[15] = static_cast<std::uint8_t>(number);
  return out;
}

/// The token that the fake database has for the key.
inline std::optional<storage::found_token> token_of(const core::token_hash& key) {
  if (number_of(key) >= 1000)
    return std::nullopt;
  storage::found_token out;
  out.id = id_of(number_of(key));
  out.endpoint_id = "endpoint-" + std::to_string(number_of(key));
  return out;
}

inline std::vector<std::optional<storage::found_token>> tokens_of(const std::vector<core::token_hash>& keys) {
  std::vector<std::optional<storage::found_token>> out;
  std::transform(keys.begin(), keys.end(), std::back_inserter(out), token_of);
  return out;
}

inline actors::storage_result_ptr failure(core::errc code, const std::string& detail = {}) {
  return std::make_shared<const actors::storage_result>(core::make_error(code, "failed", detail));
}

inline storage::created_token created_by(const storage::create_token& command) {
  storage::created_token created;
  created.token.id = command.id;
  created.token.application = command.application;
  created.token.endpoint_id = command.endpoint_id;
  return created;
}

/// The credential that the fake database has for a username; none for "unknown".
inline storage::found_basic found_login(const std::string& username) {
  storage::found_basic out;
  if (username == "unknown")
    return out;
  out.credential.emplace().username = username;
  out.password_phc = core::secret("hash of " + username);
  return out;
}

/// The certificate that the fake database has for a subject.
inline core::client_credential found_certificate(const storage::subject_hash& subject) {
  core::client_credential out;
  out.serial_number = std::to_string(subject[0]);
  return out;
}

/// The result of a successful command.
inline actors::storage_result_ptr answer_to(const storage::command& command) {
  storage::reply out = storage::pong{};
  if (const auto* find = std::get_if<storage::find_tokens>(&command))
    out = storage::found_tokens{tokens_of(find->hashes)};
  else if (const auto* activate = std::get_if<storage::activate_tokens>(&command)) {
    storage::activated_tokens changed;
    for (const auto& item : activate->items)
      changed.changed.push_back(item.id);
    out = std::move(changed);
  } else if (const auto* create = std::get_if<storage::create_token>(&command)) {
    out = created_by(*create);
  } else if (const auto* several = std::get_if<storage::create_tokens>(&command)) {
    storage::created_tokens created;
    for (const auto& item : several->items)
      created.results.emplace_back(created_by(item));
    out = std::move(created);
  } else if (std::holds_alternative<storage::list_tokens>(command)) {
    out = storage::token_page{};
  } else if (const auto* login = std::get_if<storage::find_basic>(&command)) {
    out = found_login(login->username);
  } else if (const auto* logins = std::get_if<storage::find_basics>(&command)) {
    storage::found_basics found;
    for (const auto& username : logins->usernames)
      found.credentials.push_back(found_login(username));
    out = std::move(found);
  } else if (const auto* certificates = std::get_if<storage::find_x509>(&command)) {
    storage::found_x509 found;
    for (const auto& subject : certificates->subjects)
      found.credentials.push_back(found_certificate(subject));
    out = std::move(found);
  }
  return std::make_shared<const actors::storage_result>(std::move(out));
}

inline actors::storage_job_ptr command_job(core::steady_time deadline = far_away()) {
  return std::make_shared<const actors::storage_job>(actors::storage_job{storage::list_tokens{}, deadline});
}

inline actors::storage_job_ptr creation_job(std::size_t number, core::steady_time deadline = far_away()) {
  storage::create_token command;
  command.id = id_of(number);
  return std::make_shared<const actors::storage_job>(actors::storage_job{std::move(command), deadline});
}

inline actors::storage_job_ptr job_of(storage::command command, core::steady_time deadline = far_away()) {
  return std::make_shared<const actors::storage_job>(actors::storage_job{std::move(command), deadline});
}

inline actors::storage_job_ptr revocation_job(core::steady_time deadline = far_away()) {
  storage::change_token_status command;
  command.target = core::credential_status::revoked;
  return job_of(std::move(command), deadline);
}

inline actors::storage_job_ptr login_job(std::string username, core::steady_time deadline = far_away()) {
  return job_of(storage::find_basic{std::move(username)}, deadline);
}

/// The IDs of the tokens that a job creates, one or several.
inline std::vector<core::uuid> creations_in(const actors::storage_job& job) {
  std::vector<core::uuid> out;
  if (const auto* single = std::get_if<storage::create_token>(&job.command))
    out.push_back(single->id);
  if (const auto* several = std::get_if<storage::create_tokens>(&job.command)) {
    for (const auto& item : several->items)
      out.push_back(item.id);
  }
  return out;
}

inline const storage::find_tokens* lookup_in(const actors::storage_job& job) {
  return std::get_if<storage::find_tokens>(&job.command);
}

inline const storage::activate_tokens* activation_in(const actors::storage_job& job) {
  return std::get_if<storage::activate_tokens>(&job.command);
}

inline bool is_command(const actors::storage_job& job) {
  return std::holds_alternative<storage::list_tokens>(job.command);
}

inline bool is_probe(const actors::storage_job& job) {
  return std::holds_alternative<storage::ping>(job.command);
}

/// The result of a successful probe.
inline actors::storage_result_ptr probe_answer(const core::clock_skew& skew) {
  return std::make_shared<const actors::storage_result>(storage::reply{storage::pong{"10.11", "db:3306", skew}});
}

/// First uses of `count` tokens, with the numbers from `first` on.
inline std::vector<storage::activation> first_uses(std::size_t first, std::size_t count) {
  std::vector<storage::activation> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back({id_of(first + i), "c"});
  return out;
}

/// A dispatcher to which requests come at the start of the tests' time.
struct test_dispatcher : actors::storage_dispatcher {
  using storage_dispatcher::add;
  using storage_dispatcher::storage_dispatcher;

  [[nodiscard]] auto add(const actors::token_lookup& lookup) { return add(lookup, at(milliseconds{0})); }

  [[nodiscard]] auto add(actors::storage_job_ptr job) { return add(std::move(job), at(milliseconds{0})); }
};

/// A dispatcher whose workers are all connected.
struct connected_dispatcher : test_dispatcher {
  explicit connected_dispatcher(const actors::dispatcher_settings& settings) : test_dispatcher(settings) {
    for (std::size_t i = 0; i < settings.workers; ++i)
      connected(i, true);
  }
};

inline actors::dispatcher_settings pool_of(std::size_t workers) {
  actors::dispatcher_settings out;
  out.workers = workers;
  return out;
}

/// All jobs that the dispatcher starts now.
inline std::vector<actors::storage_dispatcher::dispatch> take_all(actors::storage_dispatcher& from,
                                                                  core::steady_time now = at(milliseconds{0})) {
  std::vector<actors::storage_dispatcher::dispatch> out;
  while (auto next = from.next(now))
    out.push_back(std::move(*next));
  return out;
}

/// The tickets of the completions, sorted.
inline std::vector<actors::ticket> tickets(const std::vector<actors::storage_dispatcher::completion>& done) {
  std::vector<actors::ticket> out;
  out.reserve(done.size());
  for (const auto& completion : done)
    out.push_back(completion.id);
  std::sort(out.begin(), out.end());
  return out;
}

inline std::vector<actors::storage_dispatcher::completion> finish(actors::storage_dispatcher& dispatcher,
                                                                  const actors::storage_dispatcher::dispatch& work) {
  return dispatcher.finished(work.job, answer_to(work.payload->command));
}

/// The code of a result; errc::none for success.
inline core::errc code_of(const actors::storage_result_ptr& result) {
  return result->has_error() ? result->error().code : core::errc::none;
}

inline bool found(const actors::storage_result_ptr& result, const std::vector<core::token_hash>& expected) {
  const auto* answer = result->has_value() ? std::get_if<storage::found_tokens>(&**result) : nullptr;
  return answer != nullptr && answer->tokens == tokens_of(expected);
}

} // namespace cm::test
