#include "storage/sql/connection.hpp"

#include "core/base/stray_ends.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/base/try.hpp"
#include "storage/sql/rows.hpp"
#include "storage/sql/session_settings.hpp"

#include <mysql.h>
#include <openssl/crypto.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace cm::storage {

namespace {

using std::chrono::milliseconds;

// Authentication plugins that prove knowledge of the password without sending it.
constexpr const char* safe_login_methods = "mysql_native_password,client_ed25519,parsec,caching_sha2_password,"
                                           "auth_gssapi_client";

unsigned whole_seconds(milliseconds time) {
  return static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(std::max(time, milliseconds{0})).count());
}

// Sets OpenSSL's default certificate locations as explicit options: the library checks the chain only if one of these
// options is set.
void use_system_store(MYSQL* handle) {
  const char* file = std::getenv(X509_get_default_cert_file_env());  // NOLINT(concurrency-mt-unsafe): no setenv here
  const char* folder = std::getenv(X509_get_default_cert_dir_env()); // NOLINT(concurrency-mt-unsafe): no setenv here
  if (file == nullptr)
    file = X509_get_default_cert_file();
  if (folder == nullptr)
    folder = X509_get_default_cert_dir();
  std::error_code ignored; // an inaccessible file counts as missing
  if (std::filesystem::exists(file, ignored))
    mysql_optionsv(handle, MYSQL_OPT_SSL_CA, file);
  mysql_optionsv(handle, MYSQL_OPT_SSL_CAPATH, folder);
}

// Connector/C up to 3.3 checks the chain if an authority is set, and with MYSQL_OPT_SSL_VERIFY_SERVER_CERT also the
// name. 3.4 checks nothing without that option, and both with it. Decided at run time, because all these versions have
// the same soname.
bool has_one_switch() {
  return mysql_get_client_version() >= 30400; // the version of Connector/C, not of the server package it came with
}

#if MARIADB_PACKAGE_VERSION_ID >= 30409
// The connection that this thread is opening: the callback gets no argument that the public headers describe.
thread_local const MYSQL* opening = nullptr;

// Called between the handshake and the login. The handshake has recorded every problem with the chain in the status. A
// refusal here is final because an authority is set: without one the library would fall back to verifying the server by
// the password.
int check_chain(void* /*tls*/, unsigned /*what*/) {
  return opening != nullptr && opening->net.tls_verify_status == MARIADB_TLS_VERIFY_OK ? 0 : 1;
}

// Only OpenSSL's handshake sets the status that check_chain needs. Without the callback, the name is checked too.
void skip_name_check(MYSQL* handle) {
  const char* library = nullptr;
  if (mariadb_get_infov(handle, MARIADB_TLS_LIBRARY, static_cast<void*>(&library)) == 0 && library != nullptr
      && std::string_view{library}.starts_with("OpenSSL"))
    mysql_optionsv(handle, MARIADB_OPT_TLS_VERIFICATION_CALLBACK, &check_chain);
}
#else
void skip_name_check(MYSQL* /*handle*/) {}
#endif

void set_tls(MYSQL* handle, const core::database_settings& settings) {
  const bool wanted = settings.tls != core::tls_mode::disabled;
  const bool name = settings.tls == core::tls_mode::verify_full;
  const bool chain = name || settings.tls == core::tls_mode::verify_ca;
  const my_bool enforce = wanted ? 1 : 0;
  const my_bool verify = (has_one_switch() ? chain : name) ? 1 : 0;
  mysql_optionsv(handle, MYSQL_OPT_SSL_ENFORCE, &enforce);
  mysql_optionsv(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
  if (wanted)
    mysql_optionsv(handle, MARIADB_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3");
  if (chain) {
    if (settings.tls_ca_file.empty())
      use_system_store(handle);
    else
      mysql_optionsv(handle, MYSQL_OPT_SSL_CA, settings.tls_ca_file.c_str());
  }
  if (chain && !name && has_one_switch())
    skip_name_check(handle);
  if (!name)
    mysql_optionsv(handle, MARIADB_OPT_RESTRICTED_AUTH, safe_login_methods);
}

// Connector/C 3.4 skips the name check for exactly these two host strings.
bool can_check_name(const std::string& host) {
  return !has_one_switch() || (host != "127.0.0.1" && host != "::1");
}

bool connect(MYSQL* handle, exchange& waits, const core::database_settings& settings,
             const core::network_address& host) {
  MYSQL* opened = nullptr;
#if MARIADB_PACKAGE_VERSION_ID >= 30409
  opening = handle;
#endif
  waits.run(
    [&] {
      return mysql_real_connect_start(&opened, handle, host.host.c_str(), settings.username.c_str(),
                                      settings.password.c_str(), settings.database.c_str(), host.port, nullptr, 0);
    },
    [&](int status) { return mysql_real_connect_cont(&opened, handle, status); });
#if MARIADB_PACKAGE_VERSION_ID >= 30409
  opening = nullptr;
#endif
  return opened != nullptr;
}

// The reason why the server did not let CM in, with what is unusual about the password.
failure connect_failure(failure problem, const core::secret& password) {
  constexpr unsigned access_denied = 1045;
  constexpr unsigned access_denied_without_password = 1698;
  const auto ends = core::stray_ends(password.reveal());
  if (!ends.empty() && (problem.number == access_denied || problem.number == access_denied_without_password))
    problem.error.detail += " (CM's password " + std::string(ends) + ")";
  return problem;
}

// The stack on which the library runs in non-blocking mode. The resolver and OpenSSL need more than its default of 60
// KiB. Only the pages that are used take memory.
constexpr std::size_t library_stack = std::size_t{256} * 1024;

void set_options(MYSQL* handle, const core::database_settings& settings, connection_timeouts timeouts) {
  const my_bool off = 0;
  const my_bool on = 1;
  const unsigned no_local_files = 0;
  const unsigned tcp = MYSQL_PROTOCOL_TCP; // the library would use a Unix socket for "localhost"; a JDBC URL means TCP
  const unsigned connect = whole_seconds(timeouts.connect);
  const unsigned socket = whole_seconds(timeouts.socket);
  mysql_optionsv(handle, MYSQL_OPT_NONBLOCK, &library_stack);
  mysql_optionsv(handle, MYSQL_OPT_RECONNECT, &off);
  mysql_optionsv(handle, MYSQL_REPORT_DATA_TRUNCATION, &on);
  mysql_optionsv(handle, MYSQL_OPT_LOCAL_INFILE, &no_local_files);
  mysql_optionsv(handle, MYSQL_OPT_PROTOCOL, &tcp);
  mysql_optionsv(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_optionsv(handle, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "cm");
  if (connect != 0)
    mysql_optionsv(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect);
  if (socket != 0) {
    mysql_optionsv(handle, MYSQL_OPT_READ_TIMEOUT, &socket);
    mysql_optionsv(handle, MYSQL_OPT_WRITE_TIMEOUT, &socket);
  }
  set_tls(handle, settings);
}

// The server reports read_only as a number up to MariaDB 11 and as a word in later versions.
bool is_off(const std::optional<std::string>& value) {
  return value && (*value == "0" || *value == "OFF");
}

} // namespace

void connection::closer::operator()(st_mysql* handle) const noexcept {
  mysql_close(handle);
}

connection::connection(st_mysql* handle, std::string address)
  : handle_(handle), waits_(handle), address_(std::move(address)) {}

connection::~connection() = default;

outcome<std::unique_ptr<connection>> connection::open(const core::database_settings& settings,
                                                      const core::network_address& host, connection_timeouts timeouts) {
  if (settings.tls == core::tls_mode::verify_full && !can_check_name(host.host))
    return failure{error_class::broken,
                   unavailable_error(to_string(host)
                                     + ": the client library does not compare this address with the TLS "
                                       "certificate: write localhost, or use verify-ca"),
                   0};
  MYSQL* handle = mysql_init(nullptr);
  if (handle == nullptr)
    return make_usable_failure(core::errc::internal, "Internal Server Error", "no memory for a connection");
  std::unique_ptr<connection> created{new connection(handle, to_string(host))};
  set_options(handle, settings, timeouts);
  auto& waits = created->waits_;
  waits.limit_each(timeouts.connect);
  waits.limit_silence(timeouts.silence);
  const bool opened = connect(handle, waits, settings, host);
  // The library keeps a copy of the password for reconnecting, which CM never uses.
  if (handle->passwd != nullptr)
    OPENSSL_cleanse(handle->passwd, std::strlen(handle->passwd));
  if (!opened)
    return connect_failure(created->failed("connect"), settings.password);
  if (settings.tls != core::tls_mode::disabled && mysql_get_ssl_cipher(handle) == nullptr)
    return failure{error_class::broken, unavailable_error(created->address_ + ": the server offers no TLS"), 0};
  created->server_version_ = mysql_get_server_info(handle);
  waits.limit_each(timeouts.socket);
  CM_TRY_VOID(created->set_up(timeouts));
  waits.limit_silence(std::chrono::milliseconds{0});
  return created;
}

outcome<void> connection::set_up(connection_timeouts timeouts) {
  CM_TRY_VOID(set_session(*this, whole_seconds(timeouts.socket)));
  CM_TRY_VOID(check_writable());
  return identify();
}

outcome<void> connection::identify() {
  CM_TRY(const auto& answer, query_node("SELECT CONNECTION_ID(), CONCAT(@@hostname, ':', @@port)"));
  const auto id = answer.empty() ? std::nullopt : core::parse_number<std::uint64_t>(answer.front().at(0).value_or(""));
  if (!id)
    return impossible(address_ + ": the server does not report the connection's ID");
  id_ = *id;
  server_name_ = answer.front().at(1).value_or("");
  return {};
}

outcome<void> connection::wait_for_cluster() {
  // Bit mask: reads (1), UPDATE and DELETE (2), INSERT and REPLACE (4) wait for what other nodes committed. A change
  // must find a credential whose creation was acknowledged on another node.
  CM_TRY_VOID(run("SET SESSION wsrep_sync_wait=7"));
  waits_for_cluster_ = true;
  return {};
}

outcome<text_rows> connection::query_node(std::string_view sql) {
  return query((waits_for_cluster_ ? "SET STATEMENT wsrep_sync_wait=0 FOR " : "") + std::string{sql});
}

outcome<core::timestamp> connection::check_writable(std::string_view proof) {
  // A node that lags behind for a moment must not look unavailable.
  CM_TRY(const auto& answer, query_node("SELECT @@global.read_only, @@global.innodb_read_only, "
                                        + std::string{database_now} + ", " + std::string{proof}));
  if (answer.size() != 1 || !is_off(answer.front().at(0)) || !is_off(answer.front().at(1)))
    return failure{error_class::read_only, unavailable_error(address_ + ": the server is read-only"), 0};
  const auto now = core::parse_number<std::int64_t>(answer.front().at(2).value_or(""));
  if (!now)
    return impossible(address_ + ": the server does not report its time");
  return core::from_unix_ms(*now);
}

outcome<void> connection::run(std::string_view sql) {
  int result = 0;
  waits_.run([&] { return mysql_real_query_start(&result, handle_.get(), sql.data(), sql.size()); },
             [&](int status) { return mysql_real_query_cont(&result, handle_.get(), status); });
  if (result != 0)
    return failed(sql.substr(0, sql.find_first_of("\n(")));
  return {};
}

outcome<text_rows> connection::query(std::string_view sql) {
  CM_TRY_VOID(run(sql));
  MYSQL_RES* stored = nullptr;
  waits_.run([&] { return mysql_store_result_start(&stored, handle_.get()); },
             [&](int status) { return mysql_store_result_cont(&stored, handle_.get(), status); });
  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> result{stored, &mysql_free_result};
  if (!result)
    return failed("read the result");
  text_rows rows;
  const auto width = mysql_num_fields(result.get());
  while (auto* row = mysql_fetch_row(result.get())) {
    const auto* lengths = mysql_fetch_lengths(result.get());
    auto& values = rows.emplace_back();
    for (unsigned i = 0; i < width; ++i) {
      if (row[i] == nullptr)
        values.emplace_back(std::nullopt);
      else
        values.emplace_back(std::string{row[i], lengths[i]});
    }
  }
  return rows;
}

outcome<statement*> connection::prepared(const std::string& sql, std::span<const column> columns) {
  if (const auto known = statements_.find(sql); known != statements_.end()) {
    if (!known->second->spoiled())
      return known->second.get();
    statements_.erase(known);
  }
  auto* handle = mysql_stmt_init(handle_.get());
  if (handle == nullptr)
    return failed("prepare");
  int result = 0;
  waits_.run([&] { return mysql_stmt_prepare_start(&result, handle, sql.data(), sql.size()); },
             [&](int status) { return mysql_stmt_prepare_cont(&result, handle, status); });
  if (result != 0) {
    auto problem = with_reason(make_failure(mysql_stmt_errno(handle), mysql_stmt_sqlstate(handle),
                                            mysql_stmt_error(handle), address_ + ": prepare"),
                               waits_);
    mysql_stmt_close(handle);
    return problem;
  }
  auto prepared = std::make_unique<statement>(handle, waits_, sql, columns);
  return statements_.emplace(sql, std::move(prepared)).first->second.get();
}

outcome<void> connection::settle() {
  unsigned status = 0;
  mariadb_get_infov(handle_.get(), MARIADB_CONNECTION_SERVER_STATUS, &status);
  if ((status & static_cast<unsigned>(SERVER_STATUS_IN_TRANS)) != 0)
    return failure{error_class::broken,
                   unavailable_error(address_ + ": a transaction is open after the server acknowledged its end"), 0};
  settled_ = true;
  return {};
}

outcome<void> connection::roll_back() {
  settled_ = false;
  CM_TRY_VOID(run("ROLLBACK"));
  return settle();
}

failure connection::failed(std::string_view doing) const {
  return with_reason(make_failure(mysql_errno(handle_.get()), mysql_sqlstate(handle_.get()), mysql_error(handle_.get()),
                                  address_ + ": " + std::string{doing}),
                     waits_);
}

std::string to_string(const core::network_address& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? '[' + address.host + ']' : address.host) + ':' + std::to_string(address.port);
}

} // namespace cm::storage
