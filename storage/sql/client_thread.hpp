// What the client library wants of every thread that calls it.
#pragma once

namespace cm::storage {

/// Prepares the calling thread for the client library and cleans up after it. One object a thread, made before the
/// thread's first connection and destroyed after its last.
class client_thread {
public:
  client_thread();
  ~client_thread();
  client_thread(const client_thread&) = delete;
  client_thread& operator=(const client_thread&) = delete;
};

} // namespace cm::storage
