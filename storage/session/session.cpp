#include "storage/session/session.hpp"

#include "core/base/backoff.hpp"
#include "core/base/try.hpp"
#include "core/observability/logging.hpp"
#include "storage/clients/client_repository.hpp"
#include "storage/events/event_repository.hpp"
#include "storage/events/retention.hpp"
#include "storage/schema/hash_key_record.hpp"
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
constexpr core::backoff_settings retry_pauses{milliseconds{5}, milliseconds{200}, 0.8};

core::steady_time now() {
  return std::chrono::steady_clock::now();
}

outcome<pong> apply(connection& db, const ping&) {
  const auto sent = core::now_ms();
  const auto begun = now();
  CM_TRY(const auto clock, db.check_writable());
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
// that is cut off from its cluster, or has not joined it yet.
outcome<void> session::open(core::steady_time deadline) {
  for (std::size_t attempt = 1;; ++attempt) {
    auto opened = open_once(deadline);
    if (opened || opened.error().kind != error_class::read_only)
      return opened;
    prefer_next_host();
    if (attempt >= settings_.hosts.size() || now() >= deadline)
      return opened;
  }
}

outcome<void> session::open_once(core::steady_time deadline) {
  const connection_timeouts timeouts{settings_.connect_timeout, settings_.socket_timeout};
  const auto preferred = hosts_->preferred();
  host_ = preferred;
  auto opened = connect_to_any(settings_, timeouts, host_, deadline);
  if (host_ != preferred)
    hosts_->move(preferred, host_);
  if (!opened) {
    last_error_ = opened.error().error.detail;
    return std::move(opened).error();
  }
  refused_ = false;
  auto ready = prepare_schema(**opened);
  if (ready)
    ready = check_hash_key(**opened);
  if (!ready) {
    last_error_ = ready.error().error.detail;
    return ready;
  }
  connection_ = *std::move(opened);
  ++counters_.connects;
  return {};
}

outcome<void> session::prepare_schema(connection& db) {
  const auto known = compiled_migrations();
  CM_TRY(auto&& status, read_schema(db, known, newer_));
  if (!status.refused() && !status.current()) {
    // On a separate connection, because a migration may take longer than the socket time-out of this one.
    auto only_this_host = settings_;
    only_this_host.hosts = {settings_.hosts.at(host_)};
    std::size_t first = 0;
    CM_TRY(const auto& long_lived,
           connect_to_any(only_this_host, migration_timeouts(settings_), first, core::steady_time::max()));
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

void session::prefer_next_host() noexcept {
  hosts_->move(host_, (host_ + 1) % settings_.hosts.size());
}

core::expected<reply> session::execute(const command& what, core::steady_time deadline) {
  if (now() >= deadline)
    return core::make_error(core::errc::expired, "The request has expired");
  std::optional<core::backoff> pause; // created only when needed: seeding it takes longer than many commands
  attempt how{false, hash_key_};
  bool replaced = false;
  if (left_behind())
    disconnect(); // another session has changed the preferred host
  for (;;) {
    if (!connection_) {
      if (auto opened = open(deadline); !opened)
        return unavailable_error(opened.error().error.detail);
    }
    auto result = run(*connection_, what, how);
    if (result && connection_->settled())
      return *std::move(result);
    if (result) { // committed, but the connection may still have an open transaction
      drop();
      return *std::move(result);
    }
    auto failed = std::move(result).error();
    auto kind = failed.kind;
    const bool reusable = kind == error_class::usable || kind == error_class::retryable;
    // Every transaction object has rolled back already. After a server error outside of a transaction, make sure that
    // none is open.
    if (reusable && failed.number != 0 && connection_->settled())
      static_cast<void>(connection_->roll_back());
    if (reusable && !connection_->settled()) {
      drop();
      kind = kind == error_class::retryable ? error_class::broken : kind;
    }
    if (kind == error_class::usable) {
      if (core::is_fault(failed.error.code))
        last_error_ = failed.error.detail;
      return std::move(failed.error);
    }
    last_error_ = failed.error.detail;
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
    if (connection_)
      drop();
    if (kind == error_class::schema)
      return std::move(failed.error);
    if (kind == error_class::read_only)
      prefer_next_host();
    if (std::exchange(replaced, true) || now() >= deadline)
      return std::move(failed.error);
  }
}

} // namespace cm::storage
