#include "storage/sql/client_thread.hpp"

#include <mysql.h>

#include <stdexcept>

namespace cm::storage {

client_thread::client_thread() {
  // mysql_library_init() is idempotent and thread-safe.
  if (mysql_library_init(0, nullptr, nullptr) != 0 || mysql_thread_init() != 0)
    throw std::runtime_error("the MariaDB client library cannot be initialised");
}

client_thread::~client_thread() {
  mysql_thread_end();
}

} // namespace cm::storage
