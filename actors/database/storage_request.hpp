// Helpers by which an actor sends requests to the storage gate.
#pragma once

#include "actors/interfaces/database.hpp"
#include "actors/interfaces/deadline.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "actors/runtime/hardening.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <variant>

namespace cm::actors {

/// The database's reply to a command, or why there is none: core::expected<Reply> without a copy of the reply. Cheap to
/// copy; the reply lives as long as any copy. Not thread-safe.
template <class Reply>
class storage_reply {
public:
  /// A result that holds another kind of reply is an internal error.
  explicit storage_reply(storage_result_ptr result) : result_(std::move(result)), reply_(reply_in(*result_)) {}

  explicit storage_reply(core::error problem) : reply_(std::move(problem)) {}

  [[nodiscard]] bool has_value() const noexcept { return reply_.has_value(); }

  explicit operator bool() const noexcept { return has_value(); }

  /// @pre has_value()
  [[nodiscard]] const Reply& operator*() const { return **reply_; }

  /// @pre has_value()
  [[nodiscard]] const Reply* operator->() const { return *reply_; }

  /// @pre not has_value()
  [[nodiscard]] core::error error() const { return reply_.error(); }

private:
  [[nodiscard]] static core::expected<const Reply*> reply_in(const storage_result& result) {
    if (result.has_error())
      return result.error();
    if (const auto* reply = std::get_if<Reply>(&*result))
      return reply;
    return core::make_error(core::errc::internal, "Internal Server Error",
                            "the storage gate sent an unexpected kind of reply");
  }

  storage_result_ptr result_;
  core::expected<const Reply*> reply_;
};

/// The error for a request that the gate did not answer. Logs it.
[[nodiscard]] core::error storage_gate_lost(const caf::error& problem);

/// Asks the gate to run the command by that time and continues with `.then(on_result, on_lost)`: for callers that
/// accept several kinds of reply.
/// @pre the state of `self` has a member `deadlines` (request_deadlines)
template <class Self>
auto request_any_reply(Self* self, const storage_gate_actor& gate, storage::command command,
                       core::steady_time deadline) {
  return request_until(self, gate, std::max(deadline, self->clock().now()) + gate_grace, execute_v,
                       storage_job_ptr{std::make_shared<const storage_job>(storage_job{std::move(command), deadline})});
}

/// Asks the gate to run the command by that time and calls `handle` once with the reply, or with an error: that of the
/// database, `unavailable` after the deadline or where the gate died, `internal` for another kind of reply.
/// @param handle takes a `const storage_reply<Reply>&`; runs in the actor
/// @pre the state of `self` has a member `deadlines` (request_deadlines)
template <class Reply, class Self, class Handle>
void request_storage(Self* self, const storage_gate_actor& gate, storage::command command, core::steady_time deadline,
                     Handle handle) {
  request_any_reply(self, gate, std::move(command), deadline)
    .then([handle](const storage_result_ptr& result) { handle(storage_reply<Reply>{result}); },
          [handle](const caf::error& problem) { handle(storage_reply<Reply>{storage_gate_lost(problem)}); });
}

/// The same with a duration from now: for work that no request waits for.
template <class Reply, class Self, class Handle>
void request_storage(Self* self, const storage_gate_actor& gate, storage::command command,
                     std::chrono::milliseconds patience, Handle handle) {
  request_storage<Reply>(self, gate, std::move(command), self->clock().now() + patience, std::move(handle));
}

} // namespace cm::actors
