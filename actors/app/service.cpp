#include "actors/app/service.hpp"

#include "actors/http/http_listener.hpp"
#include "actors/supervision/root.hpp"
#include "actors/supervision/service_metrics.hpp"
#include "core/base/exit_status.hpp"
#include "core/base/process_signals.hpp"
#include "core/base/replaceable_secret.hpp"
#include "core/base/try.hpp"
#include "core/base/version.hpp"
#include "core/observability/logging.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace cm::actors {

namespace {

int refuse_start(core::exit_status status, const std::string& why) {
  core::logger("cm")->critical("{}", why);
  core::write_termination_message(why);
  return core::to_int(status);
}

int stopped_before_start() {
  core::logger("cm")->info("stopped on request, before the start");
  return core::to_int(core::exit_status::stopped);
}

/// Passes recorded signals on to root. The second SIGTERM or SIGINT does not get here: its handler ends the process.
class signal_watch : public std::enable_shared_from_this<signal_watch> {
public:
  signal_watch(const http::executor_type& executor, root_actor root) : descriptor_(executor), root_(std::move(root)) {}

  void start() {
    // A copy, since the descriptor closes what it owns.
    const int copy = ::fcntl(core::signal_descriptor(), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
      core::logger("cm")->error("signals cannot be watched; they are ignored until a second one ends the process");
      return;
    }
    descriptor_.assign(copy);
    take();
    wait();
  }

private:
  void wait() {
    descriptor_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                           [self = shared_from_this()](const boost::system::error_code& failed) {
                             if (failed)
                               return;
                             self->take();
                             self->wait();
                           });
  }

  void take() {
    for (int number = core::take_signal(); number != 0; number = core::take_signal()) {
      if (number == SIGHUP)
        caf::anon_send(root_, reload_v);
      else if (number == SIGQUIT)
        caf::anon_send(root_, inspect_v);
      else
        caf::anon_send(root_, stop_v);
    }
  }

  boost::asio::posix::basic_stream_descriptor<http::executor_type> descriptor_;
  root_actor root_;
};

/// Bounds the orderly stop by shutdown.timeout, and what remains after it by a much shorter time. Otherwise the process
/// could hang: CAF waits indefinitely for its actors, one of which may block in a library, and the log waits for its
/// output.
class exit_watchdog {
public:
  /// @param patience for the orderly stop
  explicit exit_watchdog(std::chrono::milliseconds patience) : patience_(patience), waiter_([this] { wait(); }) {}

  ~exit_watchdog() {
    stop_begins(0);
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    waiter_.join();
  }

  exit_watchdog(const exit_watchdog&) = delete;
  exit_watchdog& operator=(const exit_watchdog&) = delete;

  /// Starts the timer. Later calls have no effect. Any thread.
  /// @param status exit status if the timer expires
  void stop_begins(int status) {
    {
      const std::lock_guard lock(mutex_);
      if (deadline_)
        return;
      stop_deadline_ = std::chrono::steady_clock::now() + patience_;
      deadline_ = stop_deadline_;
      status_ = status;
    }
    changed_.notify_all();
  }

  /// Root has ended. After an orderly stop only threads that wait in a library are left, for example for a database
  /// that does not answer a connect. They have nothing to do any more, so they get a short time only. Any thread.
  void root_ended(int status) {
    {
      const std::lock_guard lock(mutex_);
      orderly_ = deadline_.has_value(); // otherwise root itself has failed, and its children still run
      if (orderly_)
        deadline_ = std::min(*deadline_, std::chrono::steady_clock::now() + thread_patience);
    }
    changed_.notify_all();
    stop_begins(status);
  }

  /// No thread is left but that of the log, which has time until the end of shutdown.timeout. Call after root_ended().
  void threads_ended() {
    const std::lock_guard lock(mutex_);
    orderly_ = false;
    deadline_ = stop_deadline_;
  }

private:
  static constexpr std::chrono::milliseconds thread_patience{400};

  void wait() {
    std::unique_lock lock(mutex_);
    while (!ended_ && !(deadline_ && std::chrono::steady_clock::now() >= *deadline_)) {
      if (deadline_)
        changed_.wait_until(lock, *deadline_);
      else
        changed_.wait(lock);
    }
    if (ended_)
      return;
    if (!orderly_) {
      // The log's thread writes this line, unless that thread hangs itself: hence the short wait.
      core::logger("cm")->error("some threads did not end in time; leaving without them");
      changed_.wait_for(lock, std::chrono::milliseconds{50}, [this] { return ended_; });
    }
    std::_Exit(status_);
  }

  std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable changed_;
  core::steady_time stop_deadline_{};         ///< of the whole stop
  std::optional<core::steady_time> deadline_; ///< empty: no stop has begun
  int status_ = 0;
  bool orderly_ = false; ///< root has ended after an orderly stop, and threads are left
  bool ended_ = false;   ///< everything has ended
  std::thread waiter_;   ///< last, because it uses the other members
};

int wait_for_end(caf::actor_system& system, const root_actor& root) {
  caf::scoped_actor self{system};
  self->monitor(root);
  int status = core::to_int(core::exit_status::gave_up);
  self->receive([&status](const caf::down_msg& down) { status = exit_status_of(down.reason); });
  return status;
}

// One I/O loop for each worker per role: one thread does the I/O for about two cores.
std::vector<io_context_ptr> make_api_loops(std::size_t count) {
  std::vector<io_context_ptr> loops(count);
  for (auto& io : loops)
    io = std::make_shared<http::net::io_context>(1);
  return loops;
}

root_settings configure(start_settings start, core::license license) {
  const auto& settings = start.settings;
  root_settings configured;
  configured.variables = std::move(start.variables);
  if (settings.agent.enabled)
    configured.agent_password = std::make_shared<core::replaceable_secret>(settings.agent.password);
  configured.settings = settings;
  configured.license.license = settings.license;
  configured.license.start_stamp = core::file_stamp_of(settings.license.path);
  configured.license.start = std::move(license);
  configured.info = {settings.instance_name,
                     core::to_string(core::random_uuid()),
                     std::string(core::version()),
                     std::string(core::commit()),
                     core::now_ms(),
                     settings.credentials.trustful};
  configured.management_io = std::make_shared<http::net::io_context>(1);
  configured.api_io = make_api_loops(settings.credentials.workers_per_role());
  configured.metrics =
    std::make_shared<service_metrics>(service_metrics::sizes{settings.credentials.workers_per_role(),
                                                             configured.api_io.size(), settings.database.pool_size},
                                      configured.info);
  return configured;
}

// Opens the ports that are open from the start.
core::expected<void> open_ports(root_settings& configured, service_ports ports) {
  configured.api_port = std::make_shared<http::bound_port>(std::move(ports.api));
  CM_TRY(auto management, http::acceptor::open(*configured.management_io, std::move(ports.management),
                                               logging_acceptor("the management port")));
  configured.management_acceptor = std::move(management);
  if (!ports.agent)
    return {};
  // The agent has few clients, and its responses are expensive.
  auto accepting = logging_acceptor("the monitoring agent's port");
  accepting.max_connections = 64;
  CM_TRY(auto agent, http::acceptor::open(*configured.management_io, std::move(*ports.agent), std::move(accepting)));
  configured.agent_acceptor = std::move(agent);
  return {};
}

// Runs the actors until root ends. @return the exit status of the process
int run_actors(root_settings configured, const service_hooks& hooks) {
  const auto management_io = configured.management_io; // keeps the loops alive longer than what runs on them
  const auto api_io = configured.api_io;
  caf::actor_system_config config;
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", configured.settings.credentials.workers_per_role());
  exit_watchdog watchdog(
    std::max(configured.settings.shutdown_timeout - std::chrono::milliseconds{150}, std::chrono::milliseconds{100}));
  configured.on_stop = [&watchdog](int exit_status) { watchdog.stop_begins(exit_status); };
  int status = core::to_int(core::exit_status::gave_up);
  {
    caf::actor_system system{config};
    auto tree = system.spawn(root, std::move(configured));
    caf::anon_send(tree, begin_v);
    std::make_shared<signal_watch>(management_io->get_executor(), tree)->start();
    if (hooks.on_start)
      hooks.on_start(system, tree);
    status = wait_for_end(system, tree);
    watchdog.root_ended(status);
    management_io->stop();
    for (const auto& io : api_io)
      io->stop();
  }
  watchdog.threads_ended();
  core::shutdown_logging(); // end_process does this too, but here the watchdog bounds it
  return status;
}

} // namespace

int run_service(start_settings start, core::expected<service_ports> ports, const service_hooks& hooks) {
  const auto& settings = start.settings;
  core::logger("cm")->info("CM {} ({}) starts as instance {}", core::version(), core::commit(), settings.instance_name);
  if (core::stop_requested())
    return stopped_before_start();
  auto license = core::check_license(settings.license, core::now_ms());
  if (core::stop_requested())
    return stopped_before_start();
  if (license.has_error())
    return refuse_start(core::exit_status::license_refused, license.error().message);
  if (ports.has_error())
    return refuse_start(core::exit_status::configuration, ports.error().message);
  auto configured = configure(std::move(start), std::move(*license));
  if (const auto opened = open_ports(configured, std::move(*ports)); opened.has_error())
    return refuse_start(core::exit_status::configuration, opened.error().message);
  return run_actors(std::move(configured), hooks);
}

} // namespace cm::actors
