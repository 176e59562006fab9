#include "storage/sql/client_thread.hpp"

#include <mysql.h>

#include <stdexcept>

namespace cm::storage {

client_thread::client_thread() {
  // The library's own initialisation is done once and is safe to call from any thread.
  if (mysql_library_init(0, nullptr, nullptr) != 0 || mysql_thread_init() != 0)
    throw std::runtime_error("the MariaDB client library cannot be initialised");
}

client_thread::~client_thread() {
  mysql_thread_end();
}

} // namespace cm::storage
