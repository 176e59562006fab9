// Per-thread initialisation of the MariaDB client library.
#pragma once

namespace cm::storage {

/// Initialises the client library for the calling thread, and releases its thread-local data at the end. Each thread
/// that uses connections needs one object, created before its first connection and destroyed, on the same thread, after
/// its last. The constructor throws std::runtime_error if the library cannot be initialised.
class client_thread {
public:
  client_thread();
  ~client_thread();
  client_thread(const client_thread&) = delete;
  client_thread& operator=(const client_thread&) = delete;
};

} // namespace cm::storage
