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
constexpr classification usable{error_class::usable, errc::unavailable}; // only this request fails, not by a bug of CM
constexpr classification retryable{error_class::retryable, errc::unavailable};
constexpr classification broken{error_class::broken, errc::unavailable};
constexpr classification read_only{error_class::read_only, errc::unavailable};
constexpr classification schema{error_class::schema, errc::internal};

// Numbers and names from the "MariaDB Error Code Reference" of MariaDB's knowledge base. Sorted by number.
constexpr std::array<row, 73> rows{{
  {1016, usable},    // ER_CANT_OPEN_FILE
  {1017, usable},    // ER_FILE_NOT_FOUND
  {1020, retryable}, // ER_CHECKREAD: record has changed since last read (innodb_snapshot_isolation)
  {1021, usable},    // ER_DISK_FULL
  {1024, usable},    // ER_ERROR_ON_READ
  {1026, usable},    // ER_ERROR_ON_WRITE
  {1030, usable},    // ER_GET_ERRNO: an error of the storage engine
  {1033, usable},    // ER_NOT_FORM_FILE
  {1034, usable},    // ER_NOT_KEYFILE: a damaged index
  {1035, usable},    // ER_OLD_KEYFILE
  {1036, read_only}, // ER_OPEN_AS_READONLY
  {1037, usable},    // ER_OUTOFMEMORY
  {1038, usable},    // ER_OUT_OF_SORTMEMORY
  {1040, broken},    // ER_CON_COUNT_ERROR: too many connections
  {1041, usable},    // ER_OUT_OF_RESOURCES
  {1042, broken},    // ER_BAD_HOST_ERROR
  {1043, broken},    // ER_HANDSHAKE_ERROR
  {1044, broken},    // ER_DBACCESS_DENIED_ERROR
  {1045, broken},    // ER_ACCESS_DENIED_ERROR: also a login that is being changed
  {1046, broken},    // ER_NO_DB_ERROR
  {1047, read_only}, // ER_UNKNOWN_COM_ERROR: a Galera node that is not (yet) in the cluster
  {1049, broken},    // ER_BAD_DB_ERROR: may be created later
  {1053, broken},    // ER_SERVER_SHUTDOWN
  {1054, schema},    // ER_BAD_FIELD_ERROR
  {1062, conflict},  // ER_DUP_ENTRY
  {1079, broken},    // ER_SHUTDOWN_COMPLETE
  {1080, broken},    // ER_FORCING_CLOSE
  {1114, usable},    // ER_RECORD_FILE_FULL
  {1129, broken},    // ER_HOST_IS_BLOCKED
  {1130, broken},    // ER_HOST_NOT_PRIVILEGED
  {1135, broken},    // ER_CANT_CREATE_THREAD
  {1136, schema},    // ER_WRONG_VALUE_COUNT_ON_ROW
  {1142, usable},    // ER_TABLEACCESS_DENIED_ERROR: the operator has to correct the grants
  {1143, usable},    // ER_COLUMNACCESS_DENIED_ERROR
  {1146, schema},    // ER_NO_SUCH_TABLE
  {1152, broken},    // ER_ABORTING_CONNECTION
  {1154, broken},    // ER_NET_READ_ERROR_FROM_PIPE
  {1155, broken},    // ER_NET_FCNTL_ERROR
  {1156, broken},    // ER_NET_PACKETS_OUT_OF_ORDER
  {1157, broken},    // ER_NET_UNCOMPRESS_ERROR
  {1158, broken},    // ER_NET_READ_ERROR
  {1159, broken},    // ER_NET_READ_INTERRUPTED
  {1160, broken},    // ER_NET_ERROR_ON_WRITE
  {1161, broken},    // ER_NET_WRITE_INTERRUPTED
  {1180, broken},    // ER_ERROR_DURING_COMMIT: the outcome is unknown and has to be checked
  {1184, broken},    // ER_NEW_ABORTING_CONNECTION
  {1194, usable},    // ER_CRASHED_ON_USAGE
  {1195, usable},    // ER_CRASHED_ON_REPAIR
  {1203, broken},    // ER_TOO_MANY_USER_CONNECTIONS
  {1205, retryable}, // ER_LOCK_WAIT_TIMEOUT
  {1206, retryable}, // ER_LOCK_TABLE_FULL
  {1213, retryable}, // ER_LOCK_DEADLOCK; also a certification conflict of Galera
  {1226, broken},    // ER_USER_LIMIT_REACHED
  {1243, broken},    // ER_UNKNOWN_STMT_HANDLER: client and server disagree about the state of the connection
  {1251, broken},    // ER_NOT_SUPPORTED_AUTH_MODE
  {1290, read_only}, // ER_OPTION_PREVENTS_STATEMENT: --read-only
  {1317, usable},    // ER_QUERY_INTERRUPTED: KILL QUERY
  {1364, schema},    // ER_NO_DEFAULT_FOR_FIELD
  {1467, retryable}, // ER_AUTOINC_READ_FAILED: the lock on the counter timed out, or the range is exhausted
  {1586, conflict},  // ER_DUP_ENTRY_WITH_KEY_NAME
  {1615, retryable}, // ER_NEED_REPREPARE
  {1637, retryable}, // ER_TOO_MANY_CONCURRENT_TRXS
  {1698, broken},    // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
  {1792, read_only}, // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
  {1812, usable},    // ER_TABLESPACE_MISSING
  {1814, usable},    // ER_TABLESPACE_DISCARDED
  {1836, read_only}, // ER_READ_ONLY_MODE
  {1881, read_only}, // ER_INNODB_FORCED_RECOVERY: innodb_force_recovery
  {1927, broken},    // ER_CONNECTION_KILLED
  {1932, usable},    // ER_NO_SUCH_TABLE_IN_ENGINE
  {1969, usable},    // ER_STATEMENT_TIMEOUT: max_statement_time
  {3159, broken},    // ER_SECURE_TRANSPORT_REQUIRED
  {4150, broken},    // ER_USER_IS_BLOCKED: too many wrong passwords
}};

constexpr bool sorted() {
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i - 1].number >= rows[i].number)
      return false;
  }
  return true;
}

static_assert(sorted(), "the table is searched by number");

// Sorted.
constexpr std::array<unsigned, 34> of_the_host{1016, 1017, 1021, 1024, 1026, 1030, 1033, 1034, 1035, 1036, 1037, 1040,
                                               1041, 1042, 1043, 1044, 1045, 1047, 1049, 1114, 1129, 1130, 1135, 1194,
                                               1195, 1203, 1226, 1290, 1792, 1812, 1814, 1836, 1881, 1932};

static_assert(std::is_sorted(of_the_host.begin(), of_the_host.end()));

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
    return broken;
  const auto* found =
    std::lower_bound(rows.begin(), rows.end(), number, [](const row& r, unsigned wanted) { return r.number < wanted; });
  if (found != rows.end() && found->number == number)
    return found->meaning;
  return {};
}

bool host_specific(unsigned number) noexcept {
  return std::binary_search(of_the_host.begin(), of_the_host.end(), number);
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
