#include "gate_load.hpp"

#include "actors/database/database_worker.hpp"
#include "actors/database/storage_gate.hpp"
#include "actors/database/storage_request.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/health.hpp"
#include "bare_client.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <future>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>

namespace cm::test {

namespace {

using steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

double rate_of(std::uint64_t count, steady::time_point begun) {
  return static_cast<double>(count) / std::chrono::duration<double>(steady::now() - begun).count();
}

actors::health_actor::behavior_type deaf_health() {
  return {
    [](actors::report_atom, const actors::component_report_ptr&) {},
    [](actors::ready_atom, bool) {},
    [](actors::refused_atom, const std::vector<std::string>&) {},
    [](actors::snapshot_atom) { return actors::health_snapshot_ptr{}; },
    [](actors::tick_atom) {},
  };
}

// The work of one client, and its outcome.
struct asked {
  std::promise<std::uint64_t> over;
  std::uint64_t answered = 0;
  std::size_t in_flight = 0;
  std::uint64_t next = 0;
  std::mt19937_64 random{42};
  steady::time_point until;
  bool failed = false;
};

using asked_ptr = std::shared_ptr<asked>;

void account(const asked_ptr& what, std::uint64_t count, const actors::storage_result_ptr& result) {
  --what->in_flight;
  what->answered += count;
  what->failed = what->failed || result->has_error();
}

void end_if_over(const asked_ptr& what) {
  if (what->in_flight > 0)
    return;
  if (what->failed)
    what->over.set_exception(std::make_exception_ptr(std::runtime_error("the gate answered with an error")));
  else
    what->over.set_value(what->answered);
}

void ask_keys(caf::event_based_actor* self, const actors::storage_gate_actor& gate, const asked_ptr& what,
              std::uint64_t rows, std::size_t keys) {
  auto lookup = std::make_shared<actors::token_lookup>();
  lookup->deadline = self->clock().now() + milliseconds{5000};
  for (std::size_t i = 0; i < keys; ++i)
    lookup->hashes.push_back(bench_hash(what->random() % rows));
  ++what->in_flight;
  self->request(gate, milliseconds{6000}, actors::find_v, actors::token_lookup_ptr{std::move(lookup)})
    .then([=](const actors::storage_result_ptr& result) {
      account(what, keys, result);
      if (steady::now() < what->until)
        ask_keys(self, gate, what, rows, keys);
      else
        end_if_over(what);
    });
}

void ask_creation(caf::event_based_actor* self, const actors::storage_gate_actor& gate, const asked_ptr& what) {
  const auto number = what->next++;
  storage::create_token command;
  command.id = bench_id(number);
  command.hash = bench_hash(number);
  command.application = bench_application;
  command.endpoint_id = bench_endpoint(number);
  command.at = core::now_ms();
  command.origin = {core::channel::rest, {}, core::to_string(command.id)};
  ++what->in_flight;
  actors::request_any_reply(self, gate, std::move(command), self->clock().now() + milliseconds{5000})
    .then([=](const actors::storage_result_ptr& result) {
      account(what, 1, result);
      if (steady::now() < what->until)
        ask_creation(self, gate, what);
      else
        end_if_over(what);
    });
}

} // namespace

struct gate_load::parts {
  // The same as in the service.
  static caf::actor_system_config& configure(caf::actor_system_config& config) {
    config.set("scheduler.policy", caf::atom("sharing"));
    config.set("scheduler.max-threads", std::size_t{2});
    return config;
  }

  std::uint64_t wait(const std::vector<asked_ptr>& all) {
    std::uint64_t sum = 0;
    for (const auto& job : all)
      sum += job->over.get_future().get();
    return sum;
  }

  caf::actor_system_config config;
  caf::actor_system system{configure(config)};
  actors::health_actor health = system.spawn(deaf_health);
  actors::storage_gate_actor gate;
  std::vector<actors::database_worker_actor> workers;
};

gate_load::gate_load(const core::database_settings& settings, std::size_t pool) : parts_(std::make_unique<parts>()) {
  auto& p = *parts_;
  auto met = std::make_shared<std::promise<void>>();
  actors::storage_gate_settings gate;
  gate.dispatcher.workers = pool;
  gate.dispatcher.replica = "8f14e45f-ceea-467f-a0e6-b2c3d4e5f601";
  gate.on_first_contact = [met] { met->set_value(); };
  p.gate = p.system.spawn(actors::storage_gate, gate, p.health);
  for (std::size_t i = 0; i < pool; ++i) {
    actors::database_worker_settings worker;
    worker.database = settings;
    worker.index = i;
    p.workers.push_back(
      p.system.spawn<caf::detached>(actors::database_worker, worker, actors::worker_listener_actor{p.gate}));
    caf::anon_send(p.gate, actors::peer_v, i, actors::database_worker_peer{p.workers.back()});
  }
  if (met->get_future().wait_for(std::chrono::seconds{20}) != std::future_status::ready)
    throw std::runtime_error("the gate has no worker");
  std::this_thread::sleep_for(milliseconds{300}); // the other workers
}

gate_load::~gate_load() {
  for (const auto& worker : parts_->workers)
    caf::anon_send_exit(worker, caf::exit_reason::kill);
  caf::anon_send_exit(parts_->gate, caf::exit_reason::kill);
  caf::anon_send_exit(parts_->health, caf::exit_reason::kill);
}

double gate_load::look_up(std::uint64_t rows, std::size_t window, std::size_t keys, milliseconds time) {
  const auto begun = steady::now();
  std::vector<asked_ptr> all;
  for (unsigned asker = 0; asker < 2; ++asker) {
    const auto what = all.emplace_back(std::make_shared<asked>());
    what->until = begun + time;
    what->random.seed(asker + 1);
    parts_->system.spawn([=, gate = parts_->gate](caf::event_based_actor* self) {
      for (std::size_t i = 0; i < window; ++i)
        ask_keys(self, gate, what, rows, keys);
    });
  }
  const auto sum = parts_->wait(all);
  return rate_of(sum, begun);
}

double gate_load::activate(std::uint64_t first, std::uint64_t count, bool busy) {
  std::future<double> beside;
  if (busy)
    beside = std::async(std::launch::async, [&] { return look_up(first + count, 8, 64, milliseconds{2000}); });
  const auto begun = steady::now();
  constexpr std::uint64_t piece = 64;
  for (std::uint64_t begin = 0; begin < count; begin += piece) {
    auto uses = std::make_shared<std::vector<storage::activation>>();
    for (std::uint64_t i = begin; i < std::min(count, begin + piece); ++i)
      uses->push_back({bench_id(first + i), core::to_string(bench_id(i))});
    caf::anon_send(parts_->gate, actors::activate_v, actors::activations_ptr{std::move(uses)});
  }
  if (beside.valid())
    beside.wait();
  caf::scoped_actor self{parts_->system};
  bool drained = false;
  self->request(parts_->gate, caf::infinite, actors::drain_v)
    .receive([&](bool done) { drained = done; }, [](const caf::error&) {});
  if (!drained)
    throw std::runtime_error("the gate did not drain");
  return rate_of(count, begun);
}

double gate_load::create(std::uint64_t first, std::size_t window, milliseconds time, std::uint64_t& created) {
  const auto begun = steady::now();
  const auto what = std::make_shared<asked>();
  what->until = begun + time;
  what->next = first;
  parts_->system.spawn([=, gate = parts_->gate](caf::event_based_actor* self) {
    for (std::size_t i = 0; i < window; ++i)
      ask_creation(self, gate, what);
  });
  created = parts_->wait({what});
  return rate_of(created, begun);
}

} // namespace cm::test
