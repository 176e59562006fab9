// An actor system in virtual time that a test drives, and fakes of the actors around the one that is tested.
#pragma once

#include "actors/interfaces/database.hpp"
#include "actors/interfaces/health.hpp"
#include "actors/runtime/hardening.hpp"
#include "storage_fixtures.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace cm::test {

/// The outcome of a request.
template <class Result>
struct answer {
  std::optional<Result> value;
  std::optional<caf::error> problem; ///< the request itself failed

  [[nodiscard]] bool there() const noexcept { return value || problem; }
};

/// Actors run only within run(), and time passes only within pass().
class virtual_system {
public:
  virtual_system() : system_(configure(config_)) {}

  // The actor system waits for all actors, and those with a periodic timer do not end on their own.
  ~virtual_system() {
    for (const auto& actor : spawned_)
      caf::anon_send_exit(actor, caf::exit_reason::kill);
    scheduler().run();
  }

  virtual_system(const virtual_system&) = delete;
  virtual_system& operator=(const virtual_system&) = delete;

  /// Runs the actors until their mailboxes are empty.
  void run() { scheduler().run(); }

  /// Advances the time, in steps of 1 ms, and runs the actors after each step.
  void pass(milliseconds duration) {
    run();
    for (; duration.count() > 0; duration -= milliseconds{1}) {
      scheduler().advance_time(milliseconds{1});
      run();
    }
  }

  [[nodiscard]] core::steady_time now() { return system_.clock().now(); }

  template <class Function, class... Args>
  auto spawn(Function function, Args&&... args) {
    auto out = system_.spawn(function, std::forward<Args>(args)...);
    spawned_.push_back(caf::actor_cast<caf::actor>(out));
    return out;
  }

  template <class Handle>
  void kill(const Handle& actor, caf::exit_reason reason = caf::exit_reason::kill) {
    caf::anon_send_exit(actor, reason);
    run();
  }

  /// Sends a message and runs the actors.
  template <class Handle, class... Args>
  void tell(const Handle& actor, Args&&... args) {
    caf::anon_send(actor, std::forward<Args>(args)...);
    run();
  }

  /// Sends a request and runs the actors. The returned answer is filled in when it arrives, perhaps later.
  template <class Result, class Handle, class... Args>
  std::shared_ptr<answer<Result>> ask(const Handle& actor, Args... args) {
    auto out = std::make_shared<answer<Result>>();
    spawned_.push_back(system_.spawn([=](caf::event_based_actor* self) {
      self->request(actor, caf::infinite, args...)
        .then([out](const Result& value) { out->value = value; }, [out](const caf::error& e) { out->problem = e; });
    }));
    run();
    return out;
  }

private:
  static caf::actor_system_config& configure(caf::actor_system_config& config) {
    config.set("scheduler.policy", caf::atom("testing"));
    return config;
  }

  [[nodiscard]] caf::scheduler::test_coordinator& scheduler() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
  std::vector<caf::actor> spawned_;
};

/// Controls a fake_worker, and records what it receives.
struct fake_worker_script {
  enum class mood { answers, holds, dies }; ///< reaction to a job: answers it, keeps it until a tick, or throws
  mood now = mood::answers;
  bool connected = true; ///< the state that it reports
  core::clock_skew skew; ///< its answer to a probe
  std::vector<actors::storage_job_ptr> jobs;
  int follows = 0; ///< number of follow messages

  [[nodiscard]] std::size_t lookups() const {
    return static_cast<std::size_t>(
      std::count_if(jobs.begin(), jobs.end(), [](const auto& job) { return lookup_in(*job) != nullptr; }));
  }
};

struct fake_worker_state {
  static inline const char* name = "fake-worker";
  using promise = caf::typed_response_promise<actors::storage_result_ptr>;
  std::vector<std::pair<promise, actors::storage_job_ptr>> held; ///< not answered yet
};

/// A database worker without a database. A tick makes it answer the jobs that it holds.
inline actors::database_worker_actor::behavior_type
fake_worker(actors::database_worker_actor::stateful_pointer<fake_worker_state> self,
            std::shared_ptr<fake_worker_script> script) {
  actors::harden(self);
  return {
    [=](actors::execute_atom, const actors::storage_job_ptr& job) -> caf::result<actors::storage_result_ptr> {
      script->jobs.push_back(job);
      if (script->now == fake_worker_script::mood::dies)
        throw std::runtime_error("the worker dies");
      if (script->now == fake_worker_script::mood::answers)
        return is_probe(*job) ? probe_answer(script->skew) : answer_to(job->command);
      self->state.held.emplace_back(self->make_response_promise<actors::storage_result_ptr>(), job);
      return self->state.held.back().first;
    },
    [=](actors::peer_atom, const actors::worker_listener_peer& peer) {
      auto report = std::make_shared<actors::worker_report>();
      report->connected = script->connected;
      report->version = "10.11";
      self->send(peer.handle, actors::state_v, std::size_t{0}, actors::worker_report_ptr{std::move(report)});
    },
    [=](actors::follow_atom) { ++script->follows; },
    [=](actors::reload_atom, const actors::settings_ptr&) {},
    [=](actors::tick_atom) {
      for (auto& [promise, job] : std::exchange(self->state.held, {}))
        promise.deliver(answer_to(job->command));
    },
  };
}

/// Records the reports about the database.
inline actors::health_actor::behavior_type fake_health(actors::health_actor::pointer self,
                                                       std::shared_ptr<std::vector<core::database_health>> reports) {
  actors::harden(self);
  return {
    [=](actors::report_atom, const actors::component_report_ptr& report) {
      if (const auto* db = std::get_if<core::database_health>(report.get()))
        reports->push_back(*db);
    },
    [](actors::ready_atom, bool) {},
    [](actors::refused_atom, const std::vector<std::string>&) {},
    [](actors::snapshot_atom) { return actors::health_snapshot_ptr{}; },
    [](actors::tick_atom) {},
  };
}

/// Controls a fake_gate, and records the commands that it receives.
struct fake_gate_script {
  std::vector<core::errc> outcomes; ///< of the commands, in their order; errc::none: success
  std::vector<actors::storage_job_ptr> jobs;
};

/// A storage gate without a database. Does not answer commands beyond `outcomes`.
inline actors::storage_gate_actor::behavior_type fake_gate(actors::storage_gate_actor::pointer self,
                                                           std::shared_ptr<fake_gate_script> script) {
  actors::harden(self);
  return {
    [](actors::find_atom, const actors::token_lookup_ptr&) { return failure(core::errc::internal); },
    [=](actors::execute_atom, const actors::storage_job_ptr& job) -> caf::result<actors::storage_result_ptr> {
      const auto index = script->jobs.size();
      script->jobs.push_back(job);
      if (index >= script->outcomes.size())
        return self->make_response_promise<actors::storage_result_ptr>(); // is never answered
      const auto code = script->outcomes[index];
      return code == core::errc::none ? answer_to(job->command) : failure(code, "in the database");
    },
    [](actors::activate_atom, const actors::activations_ptr&) {},
    [](actors::state_atom, std::size_t, const actors::worker_report_ptr&) {},
    [](actors::drain_atom) { return true; },
    [](actors::peer_atom, std::size_t, const actors::database_worker_peer&) {},
    [](actors::peer_atom, const actors::health_peer&) {},
    [](actors::tick_atom) {},
  };
}

} // namespace cm::test
