// How the classes of work share the database workers.
#pragma once

#include "actors/database/work_class.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace cm::actors {

/// Decides which class gets a free worker.
///
/// Each class has a number of workers that others leave to it (`reserved`), and a number that it never exceeds
/// (`most`). So however long one class or all writes are blocked, and however many requests of one class wait, a
/// request of another class finds a worker soon. While several classes wait for the same workers, they get them in
/// proportion to their weights (smooth weighted round-robin), so that none starves, also in a pool of one.
///
/// A plain class. Not thread-safe.
class worker_shares {
public:
  /// The share of one class in a pool.
  struct share {
    std::size_t reserved = 0;
    std::size_t most = 1;
    unsigned weight = 1;
  };

  using class_set = std::array<bool, work_class_count>; ///< by index_of()

  explicit worker_shares(std::size_t workers) { resize(workers); }

  /// Another number of workers is connected. Work that is running stays.
  void resize(std::size_t workers) noexcept;

  /// The class that gets the next worker; it must begin() then. Empty: none of the waiting classes may run now.
  /// @param waiting the classes that have work which could begin
  /// @param idle number of free workers, at least 1
  [[nodiscard]] std::optional<work_class> choose(const class_set& waiting, std::size_t idle) noexcept;

  void begin(work_class which) noexcept { ++running_[index_of(which)]; }

  void end(work_class which) noexcept { --running_[index_of(which)]; }

  [[nodiscard]] std::size_t running(work_class which) const noexcept { return running_[index_of(which)]; }

  [[nodiscard]] const share& of(work_class which) const noexcept { return shares_[index_of(which)]; }

  /// Authentication has two kinds of look-up, of different tables. Each leaves workers to the other.
  [[nodiscard]] std::size_t max_token_lookups() const noexcept { return token_lookups_; }

  [[nodiscard]] std::size_t max_client_lookups() const noexcept { return client_lookups_; }

private:
  [[nodiscard]] bool may_run(work_class which, std::size_t idle) const noexcept;

  std::size_t token_lookups_ = 1;
  std::size_t client_lookups_ = 1;
  std::array<share, work_class_count> shares_{};
  std::array<std::size_t, work_class_count> running_{};
  std::array<std::int64_t, work_class_count> credit_{}; ///< of the round-robin
};

} // namespace cm::actors
