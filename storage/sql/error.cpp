#include "storage/sql/error.hpp"

#include <algorithm>
#include <array>

namespace cm::storage {

namespace {

using core::errc;

struct row {
  unsigned number = 0;
  classification meaning;
};

constexpr classification conflict{error_class::usable, errc::conflict};
constexpr classification passing{error_class::usable, errc::unavailable}; // this request only; not our fault
constexpr classification again{error_class::retryable, errc::unavailable};
constexpr classification gone{error_class::broken, errc::unavailable};
constexpr classification replica{error_class::read_only, errc::unavailable};
constexpr classification tables{error_class::schema, errc::internal};

// Numbers and names as in MariaDB's knowledge base, "MariaDB Error Code Reference". Sorted by number.
constexpr std::array<row, 58> rows{{
  {1020, again},    // ER_CHECKREAD: record has changed since last read (innodb_snapshot_isolation)
  {1021, passing},  // ER_DISK_FULL
  {1037, passing},  // ER_OUTOFMEMORY
  {1038, passing},  // ER_OUT_OF_SORTMEMORY
  {1040, gone},     // ER_CON_COUNT_ERROR: too many connections
  {1041, passing},  // ER_OUT_OF_RESOURCES
  {1042, gone},     // ER_BAD_HOST_ERROR
  {1043, gone},     // ER_HANDSHAKE_ERROR
  {1044, gone},     // ER_DBACCESS_DENIED_ERROR
  {1045, gone},     // ER_ACCESS_DENIED_ERROR: also a login that is being changed
  {1046, gone},     // ER_NO_DB_ERROR
  {1047, replica},  // ER_UNKNOWN_COM_ERROR: a Galera node that is not (yet) in the cluster
  {1049, gone},     // ER_BAD_DB_ERROR: may be created later
  {1053, gone},     // ER_SERVER_SHUTDOWN
  {1054, tables},   // ER_BAD_FIELD_ERROR
  {1062, conflict}, // ER_DUP_ENTRY
  {1079, gone},     // ER_SHUTDOWN_COMPLETE
  {1080, gone},     // ER_FORCING_CLOSE
  {1114, passing},  // ER_RECORD_FILE_FULL
  {1129, gone},     // ER_HOST_IS_BLOCKED
  {1130, gone},     // ER_HOST_NOT_PRIVILEGED
  {1135, gone},     // ER_CANT_CREATE_THREAD
  {1136, tables},   // ER_WRONG_VALUE_COUNT_ON_ROW
  {1142, passing},  // ER_TABLEACCESS_DENIED_ERROR: grants are an operator's business
  {1143, passing},  // ER_COLUMNACCESS_DENIED_ERROR
  {1146, tables},   // ER_NO_SUCH_TABLE
  {1152, gone},     // ER_ABORTING_CONNECTION
  {1154, gone},     // ER_NET_READ_ERROR_FROM_PIPE
  {1155, gone},     // ER_NET_FCNTL_ERROR
  {1156, gone},     // ER_NET_PACKETS_OUT_OF_ORDER
  {1157, gone},     // ER_NET_UNCOMPRESS_ERROR
  {1158, gone},     // ER_NET_READ_ERROR
  {1159, gone},     // ER_NET_READ_INTERRUPTED
  {1160, gone},     // ER_NET_ERROR_ON_WRITE
  {1161, gone},     // ER_NET_WRITE_INTERRUPTED
  {1180, gone},     // ER_ERROR_DURING_COMMIT: the outcome is not known, so it must be looked up
  {1184, gone},     // ER_NEW_ABORTING_CONNECTION
  {1203, gone},     // ER_TOO_MANY_USER_CONNECTIONS
  {1205, again},    // ER_LOCK_WAIT_TIMEOUT
  {1206, again},    // ER_LOCK_TABLE_FULL
  {1213, again},    // ER_LOCK_DEADLOCK; also a certification conflict of Galera
  {1226, gone},     // ER_USER_LIMIT_REACHED
  {1243, gone},     // ER_UNKNOWN_STMT_HANDLER: ours and the server's idea of the connection differ
  {1251, gone},     // ER_NOT_SUPPORTED_AUTH_MODE
  {1290, replica},  // ER_OPTION_PREVENTS_STATEMENT: --read-only
  {1317, passing},  // ER_QUERY_INTERRUPTED: KILL QUERY
  {1364, tables},   // ER_NO_DEFAULT_FOR_FIELD
  {1467, again},    // ER_AUTOINC_READ_FAILED: the lock of the counter was not given in time, or its range is used up
  {1586, conflict}, // ER_DUP_ENTRY_WITH_KEY_NAME
  {1615, again},    // ER_NEED_REPREPARE
  {1637, again},    // ER_TOO_MANY_CONCURRENT_TRXS
  {1698, gone},     // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
  {1792, replica},  // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
  {1836, replica},  // ER_READ_ONLY_MODE
  {1927, gone},     // ER_CONNECTION_KILLED
  {1969, passing},  // ER_STATEMENT_TIMEOUT: max_statement_time
  {3159, gone},     // ER_SECURE_TRANSPORT_REQUIRED
  {4150, gone},     // ER_USER_IS_BLOCKED: too many wrong passwords
}};

constexpr bool sorted() {
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i - 1].number >= rows[i].number)
      return false;
  }
  return true;
}

static_assert(sorted(), "the table is searched by number");

constexpr bool client_number(unsigned number) noexcept {
  return (number >= 2000 && number <= 2999) || (number >= 5000 && number <= 5999);
}

std::string_view message_for(errc code) noexcept {
  switch (code) {
  case errc::conflict:
    return "Already exists";
  case errc::unavailable:
    return "The database is not available";
  default:
    return "Internal Server Error";
  }
}

} // namespace

std::string_view to_string(error_class kind) noexcept {
  switch (kind) {
  case error_class::usable:
    return "usable";
  case error_class::retryable:
    return "retryable";
  case error_class::broken:
    return "broken";
  case error_class::read_only:
    return "read_only";
  case error_class::schema:
    return "schema";
  }
  return "unknown";
}

classification classify(unsigned number) noexcept {
  if (number == 0 || client_number(number))
    return gone;
  const auto* found =
    std::lower_bound(rows.begin(), rows.end(), number, [](const row& r, unsigned wanted) { return r.number < wanted; });
  if (found != rows.end() && found->number == number)
    return found->meaning;
  return {};
}

void throw_exception_from_error(const failure& f, const boost::source_location& where) {
  core::throw_exception_from_error(f.error, where);
}

failure make_failure(unsigned number, std::string_view sqlstate, std::string_view text, std::string_view doing) {
  const auto meaning = classify(number);
  std::string detail{doing};
  detail += ": ";
  if (meaning.code == errc::conflict) {
    const auto key = text.rfind("for key");
    detail += "duplicate entry";
    if (key != std::string_view::npos) {
      detail += ' ';
      detail += text.substr(key);
    }
  } else {
    for (const char c : text)
      detail += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  detail += " (errno ";
  detail += std::to_string(number);
  detail += ", sqlstate ";
  detail += sqlstate;
  detail += ')';
  return {meaning.kind, core::make_error(meaning.code, std::string{message_for(meaning.code)}, std::move(detail)),
          number};
}

failure make_usable_failure(core::errc code, std::string message, std::string detail) {
  return {error_class::usable, core::make_error(code, std::move(message), std::move(detail)), 0};
}

core::error unavailable_error(std::string detail) {
  return core::make_error(errc::unavailable, std::string{message_for(errc::unavailable)}, std::move(detail));
}

} // namespace cm::storage
