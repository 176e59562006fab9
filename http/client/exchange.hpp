// One request and its response on a connection.
#pragma once

#include "core/base/error.hpp"
#include "http/client/body_source.hpp"
#include "http/client/connection.hpp"
#include "http/client/response_reader.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace cm::http {

/// How long an exchange may take.
struct exchange_limit {
  using clock = std::chrono::steady_clock;

  clock::time_point deadline;                      ///< of the whole exchange, or of its first step
  std::optional<std::chrono::milliseconds> step{}; ///< set: each step that transfers bytes moves the deadline
};

/// Sends and receives at the same time. Not thread-safe; blocks the calling thread.
class client_exchange {
public:
  /// All of them must outlive this object.
  /// @param source null: the whole body follows the header in the argument of run()
  client_exchange(client_connection& over, const std::string& authority, response_reader& reader, body_source* source);
  client_exchange(const client_exchange&) = delete;
  client_exchange& operator=(const client_exchange&) = delete;
  ~client_exchange(); ///< closes the connection if not everything was sent

  /// Sends the bytes, and the source as chunks when the server asks for them or has had a second for that. Returns when
  /// the response is complete, which may be before everything was sent. Wipes its copies of what it sends. Call it
  /// once.
  /// @return errc::unavailable if no valid response comes in time; an error of the source, the reader or the handler
  [[nodiscard]] core::expected<void> run(std::string bytes, const exchange_limit& limit);

  /// Whether everything was sent, so that the connection may serve another exchange.
  [[nodiscard]] bool is_complete() const;

private:
  using clock = exchange_limit::clock;
  using error_code = client_connection::error_code;

  [[nodiscard]] bool has_unsent() const { return sent_ < out_.size(); }

  [[nodiscard]] bool wants_body() const;
  [[nodiscard]] bool may_send_body() const;
  [[nodiscard]] clock::time_point next_deadline() const;
  core::expected<void> fill();
  void watch_source();
  void send();
  void receive();
  void sent(error_code ec, std::size_t size);
  void received(error_code ec, std::size_t size);
  void note_progress();

  client_connection& over_;
  const std::string& authority_;
  response_reader& reader_;
  body_source* source_;
  exchange_limit limit_;
  clock::time_point may_send_at_; // without a 100 (Continue)
  std::string out_;               // being sent
  std::string piece_;             // of the source
  std::string in_;                // being received
  std::size_t sent_ = 0;          // bytes of out_
  bool source_ended_ = false;
  bool cannot_send_ = false;
  bool sending_ = false; // these three: the operation is outstanding
  bool receiving_ = false;
  bool watching_ = false;
  bool closing_ = false;
  std::optional<core::error> failure_;
};

} // namespace cm::http
