#include "storage/session/silence.hpp"

#include "core/base/text.hpp"
#include "storage/sql/connection.hpp"

#include <chrono>
#include <string>

namespace cm::storage {

namespace {

using std::chrono::milliseconds;

// A server that works sends its greeting within milliseconds.
constexpr connection_timeouts limits{milliseconds{1000}, milliseconds{1000}, milliseconds{500}};

// A connection that has been idle for longer, in the view of its server, has no result on its way.
constexpr std::int64_t idle_ms = 400;

// Whether the server has no statement of this connection. A connection that is not in the list has ended.
bool is_idle(connection& inspector, const connection& silent) {
  if (inspector.server_name() != silent.server_name())
    return false; // a proxy has led to another server
  inspector.limit_silence(limits.silence);
  const auto found = inspector.query_node("SELECT COMMAND, CAST(TIME_MS AS SIGNED) FROM information_schema.processlist "
                                          "WHERE ID = "
                                          + std::to_string(silent.id()));
  if (!found)
    return false;
  if (found->empty())
    return true;
  const auto& row = found->front();
  const auto since = core::parse_number<std::int64_t>(row.at(1).value_or(""));
  return row.at(0) == "Sleep" && since && *since >= idle_ms;
}

bool works(const core::database_settings& settings, std::size_t host) {
  auto opened = connection::open(settings, settings.hosts.at(host), limits);
  if (!opened)
    return false;
  (*opened)->limit_silence(limits.silence);
  const auto proof = (*opened)->check_writable("(SELECT MAX(version) FROM cm_schema_history)");
  return proof || proof.error().kind == error_class::schema; // the session that connects migrates it
}

bool another_works(const core::database_settings& settings, const host_choice& hosts, std::size_t host) {
  for (const auto other : hosts.order(settings.hosts.size(), std::chrono::steady_clock::now())) {
    if (other != host && works(settings, other))
      return true;
  }
  return false;
}

} // namespace

silence_cause inspect_silence(const connection& silent, const core::database_settings& settings,
                              const host_choice& hosts, std::size_t host) {
  const auto inspector = connection::open(settings, settings.hosts.at(host), limits);
  if (inspector)
    return is_idle(**inspector, silent) ? silence_cause::connection : silence_cause::statement;
  // A refusal by the server, such as of too many connections, shows that it works.
  constexpr unsigned first_client_error = 2000;
  const auto number = inspector.error().number;
  if (number != 0 && number < first_client_error)
    return silence_cause::statement;
  return another_works(settings, hosts, host) ? silence_cause::host : silence_cause::statement;
}

} // namespace cm::storage
