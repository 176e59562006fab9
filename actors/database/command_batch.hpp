// Commands that the database can carry out together: which ones, the command for all of them, and the result of each.
// Pure functions.
#pragma once

#include "actors/interfaces/storage_job.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cm::actors {

/// Commands of one kind can be joined.
enum class batch_kind : std::uint8_t { single, creations, logins, certificates };

inline constexpr std::size_t batch_kind_count = 4;

/// `single`: the command is carried out alone.
[[nodiscard]] batch_kind batch_kind_of(const storage::command& command) noexcept;

/// What a command counts against the limit of a batch: the certificates that it looks up, else 1.
[[nodiscard]] std::size_t parts_of(const storage::command& command) noexcept;

/// One command for all of these. @pre two or more, all of the same kind, which is not `single`
[[nodiscard]] storage::command join(std::span<const storage_job_ptr> jobs);

/// The results of the joined commands from that of their batch. An error is that of each; a reply that does not match
/// is an internal error of each.
/// @param parts parts_of() each command, in order; two or more
[[nodiscard]] std::vector<storage_result_ptr> split(batch_kind kind, std::span<const std::size_t> parts,
                                                    const storage_result_ptr& result);

} // namespace cm::actors
