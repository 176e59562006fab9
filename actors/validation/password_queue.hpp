// The order in which passwords are checked, and when a refusal is told (contract 6.3). A plain class without actors.
#pragma once

#include "actors/interfaces/validation.hpp"
#include "core/base/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

namespace cm::actors {

struct password_queue_limits {
  std::size_t workers = 1;
  std::size_t returning = 256; ///< jobs that wait
  std::size_t named = 256;     ///< jobs that wait
  std::size_t created = 256;   ///< jobs that wait
  std::size_t unnamed = 128;   ///< jobs that wait, and turns of `named` ones: less than the deadline takes to work off
  std::size_t withheld = 1024; ///< refusals for want of room that wait to be told
  std::chrono::milliseconds withheld_for{500};
};

/// Jobs by class: returning ones first, then named ones, then unnamed ones, so that a flood of unknown usernames does
/// not keep clients out. New passwords of operators have a queue of their own, and their turn after every
/// `logins_before_created` logins of the first two classes, so that neither keeps the other out. The time of a refusal
/// must not tell whether a username exists. So a named job that waits behind unnamed ones also gets a *turn* among
/// them, at the end of their queue. It is checked early, and a right password is told at once; a wrong one when its
/// turn has come, which is when an unknown username would have been refused. A job for which there is no turn is
/// refused `withheld_for` after its arrival, whether its username exists or not.
///
/// Not thread-safe; time is a parameter.
class password_queue {
public:
  static constexpr unsigned logins_before_created = 3;

  explicit password_queue(password_queue_limits limits) : limits_(limits) {}

  /// @return false if the job has to be refused at once, because too many wait
  [[nodiscard]] bool add(std::uint64_t job, password_class of, core::steady_time now, core::steady_time deadline);

  /// The job to start on an idle worker; empty if there is none. Removes the jobs from the queue that precede it.
  [[nodiscard]] std::optional<std::uint64_t> next(core::steady_time now);

  /// When the outcome of a started job may be told.
  enum class release : std::uint8_t {
    now,
    later, ///< take_due() will return it
  };

  /// A started job has ended.
  /// @param wrong the password was compared, and is not right
  [[nodiscard]] release finished(std::uint64_t job, bool wrong, core::steady_time now);

  /// An outcome to be told now.
  struct due_job {
    std::uint64_t job = 0;
    bool refused = false; ///< for want of room, whatever its check has found
  };

  [[nodiscard]] std::vector<due_job> take_due(core::steady_time now);

  /// Jobs whose deadline has passed before they were started, or before their outcome could be told.
  /// @return with `refused`: an unnamed job, or a wrong password
  [[nodiscard]] std::vector<due_job> take_expired(core::steady_time now);

  /// When take_due() will return something, as far as that is known.
  [[nodiscard]] std::optional<core::steady_time> next_due() const;

  /// The job was answered otherwise, for example at its deadline.
  void remove(std::uint64_t job) { entries_.erase(job); }

  /// Jobs that were not started yet.
  [[nodiscard]] std::size_t waiting() const noexcept;

private:
  enum class state : std::uint8_t {
    waiting,
    started,
    withheld, ///< checked, and not told yet
  };

  struct entry {
    password_class of{};
    state now = state::waiting;
    bool has_turn = false; ///< among the unnamed jobs
    bool turn_came = false;
    bool no_room = false; ///< there was no room for its turn
    core::steady_time arrived{};
    core::steady_time deadline{};
    core::steady_time started{};
  };

  void tell_at(std::uint64_t job, core::steady_time at, bool refused) { due_.emplace(at, due_job{job, refused}); }

  [[nodiscard]] std::optional<std::uint64_t> start_first(std::deque<std::uint64_t>& queue, core::steady_time now);
  [[nodiscard]] std::optional<std::uint64_t> next_turn(core::steady_time now);

  password_queue_limits limits_;
  std::unordered_map<std::uint64_t, entry> entries_; ///< jobs that are not answered yet
  std::deque<std::uint64_t> returning_;
  std::deque<std::uint64_t> named_;
  std::deque<std::uint64_t> created_;
  unsigned logins_since_created_ = 0;
  std::deque<std::uint64_t> turns_; ///< unnamed jobs, and turns of named ones
  std::multimap<core::steady_time, due_job> due_;
  std::chrono::nanoseconds check_time_{0}; ///< what a check takes, smoothed
};

} // namespace cm::actors
