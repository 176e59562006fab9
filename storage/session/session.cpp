#include "storage/session/session.hpp"

#include "core/base/backoff.hpp"
#include "core/base/try.hpp"
#include "core/observability/logging.hpp"
#include "storage/clients/client_repository.hpp"
#include "storage/events/event_repository.hpp"
#include "storage/events/retention.hpp"
#include "storage/schema/hash_key_record.hpp"
#include "storage/session/silence.hpp"
#include "storage/sql/connection.hpp"
#include "storage/sql/failover.hpp"
#include "storage/tokens/token_repository.hpp"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

namespace cm::storage {

namespace {

using std::chrono::milliseconds;

constexpr unsigned max_retries = 6;
constexpr milliseconds inspect_after{1000};    // of silence
constexpr milliseconds cluster_patience{6000}; // evs.suspect_timeout is 5 s by default
constexpr milliseconds follow_after{200};      // of silence, if other sessions have found that the host is silent
constexpr core::backoff_settings retry_pauses{milliseconds{5}, milliseconds{200}, 0.8};

core::steady_time now() {
  return std::chrono::steady_clock::now();
}

// When an attempt that begins now gives up the statement in progress: the request has ended by then, and the socket
// time-out has passed. The server's own time-outs, for locks and statements, are not longer: they come first.
core::steady_time last_moment(core::steady_time deadline, milliseconds socket_timeout) {
  return socket_timeout.count() == 0 ? core::steady_time::max() : std::max(deadline, now() + socket_timeout);
}

outcome<pong> apply(connection& db, const ping&) {
  const auto sent = core::now_ms();
  const auto begun = now();
  CM_TRY(const auto clock, db.check_writable("(SELECT MAX(version) FROM cm_schema_history)"));
  const auto round_trip = std::chrono::duration_cast<milliseconds>(now() - begun);
  return pong{db.server_version(), db.address(), core::compare_clocks(sent, round_trip, clock)};
}

template <class Command>
auto dispatch(connection& db, const Command& what, const attempt& how) {
  if constexpr (requires { apply(db, what, how); })
    return apply(db, what, how);
  else
    return apply(db, what);
}

outcome<reply> run(connection& db, const command& what, const attempt& how) {
  return std::visit(
    [&](const auto& wanted) -> outcome<reply> {
      CM_TRY(auto&& answer, dispatch(db, wanted, how));
      return reply{std::move(answer)};
    },
    what);
}

} // namespace

session::session(core::database_settings settings, newer_schema newer, std::optional<core::token_hash> hash_key,
                 std::shared_ptr<host_choice> hosts)
  : settings_(std::move(settings)), newer_(newer), hash_key_(hash_key),
    hosts_(hosts ? std::move(hosts) : std::make_shared<host_choice>()) {}

session::~session() = default;

core::expected<void> session::connect(core::steady_time deadline) {
  if (left_behind())
    disconnect();
  if (connection_)
    return {};
  if (auto opened = open(deadline); !opened)
    return std::move(opened).error().error;
  return {};
}

void session::replace_login(const core::database_settings& settings) {
  settings_.username = settings.username;
  settings_.password = settings.password;
}

void session::disconnect() noexcept {
  connection_.reset();
}

bool session::connected() const noexcept {
  return connection_ != nullptr;
}

std::optional<server_info> session::server() const {
  if (!connection_)
    return std::nullopt;
  return server_info{connection_->address(), connection_->server_version()};
}

// A host may accept the connection and the session variables, but reject every statement that accesses a table: a node
// that is cut off from its cluster, or has not joined it yet. So a host counts as connected when its schema is known.
outcome<void> session::open(core::steady_time deadline) {
  const connection_timeouts timeouts{settings_.connect_timeout, settings_.socket_timeout};
  const auto preferred = hosts_->preferred();
  refused_ = false;
  auto opened = connect_to_any(settings_, timeouts, *hosts_, host_, deadline,
                               [this](connection& db, std::size_t host) -> outcome<void> {
                                 CM_TRY_VOID(prepare_schema(db, host));
                                 // The host can read tables. From here on statements wait for its cluster: also for one
                                 // that excludes a lost node.
                                 if (settings_.hosts.size() > 1)
                                   db.limit_silence(cluster_patience);
                                 return check_hash_key(db);
                               });
  if (!opened) {
    last_error_ = opened.error().error.detail;
    return std::move(opened).error();
  }
  hosts_->move(preferred, host_);
  connection_ = *std::move(opened);
  connection_->watch([this](milliseconds silent) { return keep_waiting(silent); });
  proven_ = false;
  ++counters_.connects;
  return {};
}

outcome<void> session::prepare_schema(connection& db, std::size_t host) {
  const auto known = compiled_migrations();
  CM_TRY(auto&& status, read_schema(db, known, newer_));
  if (!status.refused() && !status.current()) {
    // On a separate connection, because a migration may take longer than the socket time-out of this one.
    CM_TRY(const auto& long_lived,
           connection::open(settings_, settings_.hosts.at(host), migration_timeouts(settings_)));
    CM_TRY(status, migrate_schema(*long_lived, known, newer_));
    if (const auto count = status.duplicates.count; count != 0)
      core::logger("cm.storage")
        ->warn("{} certificates are stored twice, in two spellings of their issuer: the stricter status counts; "
               "`cm migrate` names them",
               count);
  }
  if (status.refused())
    return refuse(status.refusal);
  newer_ = newer_schema::accepted;
  return {};
}

outcome<void> session::check_hash_key(connection& db) {
  if (!hash_key_)
    return {};
  CM_TRY(const auto agrees, hash_key_agrees(db, *hash_key_));
  if (!agrees)
    return refuse("the tokens of this database are stored under another key than kaa.cm.token-hash-key "
                  "(KAA_CM_TOKEN_HASH_KEY): with this one, or without one, no token would be found. A database "
                  "without tokens takes another key 15 s after the last process with the recorded one has ended");
  return {};
}

failure session::refuse(std::string why) {
  refused_ = true;
  return make_usable_failure(core::errc::internal, "Internal Server Error", std::move(why));
}

void session::drop() noexcept {
  connection_.reset();
  ++counters_.drops;
}

// Called while the connection waits for its server, every 100 ms of silence.
bool session::keep_waiting(milliseconds silent) {
  // Other sessions have left this host because it is silent: no need to find out too.
  if (silent >= follow_after && hosts_->preferred() != host_ && hosts_->silent(host_, now()))
    return false;
  if (silent < next_inspection_)
    return true;
  const host_choice::inspection inspection{*hosts_};
  if (!inspection.granted())
    return true;
  const auto cause = inspect_silence(*connection_, settings_, *hosts_, host_);
  next_inspection_ = 2 * silent;
  if (cause == silence_cause::host)
    hosts_->failed(host_, now(), true);
  return cause == silence_cause::statement;
}

// Drops the connection after a failure. @return whether the command may be repeated
bool session::replace_connection(const failure& failed, error_class kind) {
  const bool host_failed =
    kind == error_class::read_only || host_specific(failed.number) || (kind == error_class::broken && !proven_);
  if (host_failed && !hosts_->failed_lately(host_, now()))
    hosts_->failed(host_, now(), false);
  if (connection_)
    drop();
  return kind != error_class::schema;
}

// Every transaction object has rolled back already. After a server error outside of a transaction, makes sure that none
// is open. @return what the failure means for the connection
error_class session::settle(const failure& failed) {
  const bool reusable = failed.kind == error_class::usable || failed.kind == error_class::retryable;
  if (!reusable)
    return failed.kind;
  if (failed.number != 0 && connection_->settled())
    static_cast<void>(connection_->roll_back());
  if (connection_->settled())
    return failed.kind;
  drop();
  return failed.kind == error_class::retryable ? error_class::broken : failed.kind;
}

core::expected<reply> session::execute(const command& what, core::steady_time deadline) {
  if (now() >= deadline)
    return core::make_error(core::errc::expired, "The request has expired");
  std::optional<core::backoff> pause; // created only when needed: seeding it takes longer than many commands
  attempt how{false, hash_key_};
  std::size_t replacements = 0;
  if (left_behind())
    disconnect(); // another session has changed the preferred host
  for (;;) {
    if (!connection_) {
      if (auto opened = open(deadline); !opened)
        return unavailable_error(opened.error().error.detail);
    }
    connection_->limit(last_moment(deadline, settings_.socket_timeout));
    next_inspection_ = inspect_after;
    auto result = run(*connection_, what, how);
    if (result) {
      if (!std::exchange(proven_, true))
        hosts_->served(host_);
      if (!connection_->settled()) // committed, but the connection may still have an open transaction
        drop();
      return *std::move(result);
    }
    auto failed = std::move(result).error();
    const auto kind = settle(failed);
    last_error_ = core::is_fault(failed.error.code) ? failed.error.detail : last_error_;
    const bool elsewhere =
      host_specific(failed.number) && hosts_->has_alternative(host_, settings_.hosts.size(), now());
    if (kind == error_class::usable && !elsewhere)
      return std::move(failed.error);
    how.repeated = true;
    if (kind == error_class::retryable) {
      if (!pause)
        pause.emplace(retry_pauses);
      if (pause->attempts() == max_retries)
        return std::move(failed.error);
      std::this_thread::sleep_for(std::min<core::steady_time::duration>(pause->next(), deadline - now()));
      if (now() >= deadline)
        return std::move(failed.error);
      ++counters_.retries;
      continue;
    }
    if (!replace_connection(failed, kind) || replacements++ >= settings_.hosts.size() || now() >= deadline)
      return std::move(failed.error);
  }
}

} // namespace cm::storage
