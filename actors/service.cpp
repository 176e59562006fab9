#include "actors/service.hpp"

#include "actors/root.hpp"
#include "core/exit_status.hpp"
#include "core/logging.hpp"
#include "core/version.hpp"

#include <boost/asio/signal_set.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <csignal>
#include <cstdlib>
#include <future>
#include <memory>
#include <thread>
#include <utility>

namespace cm::actors {

namespace {

using signal_set = boost::asio::basic_signal_set<http::executor_type>;

constexpr int to_int(core::exit_status status) noexcept {
  return static_cast<int>(status);
}

int refuse_start(core::exit_status status, const std::string& why) {
  core::logger("cm")->critical("{}", why);
  core::write_termination_message(why);
  return to_int(status);
}

// The first signal stops in order; the second ends the process on the spot, as a shell would report it.
void watch_signals(const std::shared_ptr<signal_set>& signals, root_actor root, bool stopping) {
  signals->async_wait([signals, root, stopping](const boost::system::error_code& failed, int number) {
    if (failed)
      return;
    if (stopping)
      std::_Exit(128 + number);
    caf::anon_send(root, stop_v);
    watch_signals(signals, root, true);
  });
}

/// Ends the process when the actor system or the log does not: CAF waits for its actors without limit, and one may hang
/// in a library; the log waits for its reader. Everything that matters is done by then.
class exit_watchdog {
public:
  exit_watchdog(std::chrono::milliseconds patience, int status)
    : waiter_([patience, status, over = over_.get_future()] {
        if (over.wait_for(patience) == std::future_status::ready)
          return;
        // The log's own thread writes this line, unless it is the one that hangs.
        core::logger("cm")->error("some threads did not end; leaving without them");
        static_cast<void>(over.wait_for(std::chrono::milliseconds{100}));
        std::_Exit(status);
      }) {}

  ~exit_watchdog() {
    over_.set_value();
    waiter_.join();
  }

  exit_watchdog(const exit_watchdog&) = delete;
  exit_watchdog& operator=(const exit_watchdog&) = delete;

private:
  std::promise<void> over_;
  std::thread waiter_;
};

int wait_for_end(caf::actor_system& system, const root_actor& root) {
  caf::scoped_actor self{system};
  self->monitor(root);
  int status = to_int(core::exit_status::gave_up);
  self->receive([&status](const caf::down_msg& down) { status = exit_status_of(down.reason); });
  return status;
}

} // namespace

int run_service(const core::settings& settings, const service_hooks& hooks) {
  const auto log = core::logger("cm");
  const auto started_at = core::now_ms();
  log->info("CM {} ({}) starts as instance {}", core::version(), core::commit(), settings.instance_name);

  root_settings configured;
  configured.settings = settings;
  configured.license.license = settings.license;
  configured.license.start_stamp = core::file_stamp_of(settings.license.path);
  auto license = core::check_license(settings.license, started_at);
  if (license.has_error())
    return refuse_start(core::exit_status::license_refused, license.error().message);
  configured.license.start = std::move(*license);

  configured.info = {settings.instance_name, core::to_string(core::random_uuid()), std::string(core::version()),
                     std::string(core::commit()), started_at, settings.credentials.trustful};
  configured.management_io = std::make_shared<http::net::io_context>(1);
  configured.api_io = std::make_shared<http::net::io_context>(1);
  auto management = http::acceptor::open(*configured.management_io, {}, settings.management.port);
  if (management.has_error())
    return refuse_start(core::exit_status::configuration, "management.port: " + management.error().message);
  configured.management_acceptor = std::move(*management);

  const auto management_io = configured.management_io; // they outlive everything that runs on them
  const auto api_io = configured.api_io;
  std::signal(SIGPIPE, SIG_IGN);

  caf::actor_system_config config;
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", std::max<std::size_t>(2, std::thread::hardware_concurrency()));
  int status = to_int(core::exit_status::gave_up);
  std::unique_ptr<exit_watchdog> watchdog;
  {
    caf::actor_system system{config};
    auto tree = system.spawn(root, std::move(configured));
    const auto signals = std::make_shared<signal_set>(management_io->get_executor(), SIGTERM, SIGINT);
    watch_signals(signals, tree, false);
    caf::anon_send(tree, begin_v);
    if (hooks.on_start)
      hooks.on_start(system, tree);
    status = wait_for_end(system, tree);
    watchdog = std::make_unique<exit_watchdog>(std::chrono::milliseconds{1000}, status);
  }
  core::shutdown_logging();
  return status;
}

} // namespace cm::actors
