// The results of requests to the database, as the storage dispatcher and its queues give them.
#pragma once

#include "actors/interfaces/storage_job.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace cm::actors {

/// Identifies a request until its completion.
using ticket = std::uint64_t;

/// The result of a request.
struct completion {
  ticket id = 0;
  storage_result_ptr result;
};

[[nodiscard]] inline storage_result_ptr failed_result(core::errc code, std::string message, std::string detail) {
  return std::make_shared<storage_result>(core::make_error(code, std::move(message), std::move(detail)));
}

/// The database's reply is not of the type or the size that the request needs.
[[nodiscard]] inline storage_result_ptr mismatched_reply() {
  return failed_result(core::errc::internal, "Internal Server Error",
                       "the database's reply does not match the request");
}

} // namespace cm::actors
