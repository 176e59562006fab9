// How an actor asks the storage gate.
#pragma once

#include "actors/interfaces/database.hpp"
#include "actors/runtime/bounded_request.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace cm::actors {

/// The gate answers at the deadline. The time-out of the request, so much later, is for a gate that died.
inline constexpr std::chrono::milliseconds storage_grace{500};

/// Asks the gate to run the command by that time; to be gone on with `.then(on_result, on_lost)`.
template <class Self>
auto request_storage(Self* self, const storage_gate_actor& gate, storage::command command, core::steady_time deadline) {
  return request_until(self, gate, std::max(deadline, self->clock().now()) + storage_grace, execute_v,
                       storage_job_ptr{std::make_shared<const storage_job>(storage_job{std::move(command), deadline})});
}

/// The same with the time that the command may take.
template <class Self>
auto request_storage(Self* self, const storage_gate_actor& gate, storage::command command,
                     std::chrono::milliseconds patience) {
  return request_storage(self, gate, std::move(command), self->clock().now() + patience);
}

} // namespace cm::actors
