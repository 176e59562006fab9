// One keep-alive connection: reads requests, passes each to the application as an exchange, writes the responses.
#pragma once

#include "http/server/acceptor.hpp"
#include "http/server/body_stream.hpp"
#include "http/server/exchange.hpp"
#include "http/server/memory_queue.hpp"
#include "http/server/net.hpp"
#include "http/server/request_parser.hpp"
#include "http/server/response_counters.hpp"
#include "http/server/response_writer.hpp"

#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cm::http {

struct connection_settings {
  parser_limits limits;
  std::size_t body_limit = std::size_t{64} * 1024; ///< bytes; used when connection_callbacks::policy is empty
  std::chrono::milliseconds header_timeout{10000}; ///< from the first byte of a request to the end of its header
  std::chrono::milliseconds body_timeout{30000};   ///< for the whole body, when it is not streamed
  std::chrono::milliseconds idle_timeout{60000};   ///< without a byte between requests
  /// The connection answers 503 for an exchange that is not answered in time. For a streamed exchange the time runs
  /// from the last read or write; if its response has begun, the connection is closed instead.
  std::chrono::milliseconds response_timeout{60000};
  std::chrono::milliseconds write_timeout{30000}; ///< for one response, when it is not streamed
  /// Without a byte in either direction, while a read_body() or write() is pending.
  std::chrono::milliseconds stream_idle_timeout{30000};
  memory_bounds memory;
  std::chrono::milliseconds linger_timeout{1000}; ///< after the last response, until the peer closes
  std::chrono::milliseconds drain_linger{200};    ///< how long an idle connection stays open after graceful_close()
};

/// An error response that the connection generated without the application, for the log.
struct refusal {
  int status = 0;
  std::string reason;
  std::string correlation_id;
  std::string remote_address;
};

/// All are called in the io thread; exceptions are caught. `on_request` must be set, the others may be empty.
struct connection_callbacks {
  std::function<void(std::shared_ptr<exchange>)> on_request; ///< the next one after this one's response was sent
  std::function<void()> on_closed;                           ///< exactly once, after all other callbacks
  /// Called when a header is complete, before any of the body is read: the place to refuse by the header alone.
  std::function<body_policy(const request_head&)> policy;
  std::function<void(const refusal&)> on_refused;
  std::shared_ptr<response_counters> counters; ///< those of the io thread; null: no counting
};

/// Runs on the io_context of its socket and keeps itself alive until it is closed. A connection must not outlive its
/// io_context, so other objects should hold a weak_ptr. At most one exchange is open at a time; pipelined requests wait
/// in the socket (RFC 9112 section 9.3.2).
/// Thread safety: the public functions may be called from any thread while the io_context exists.
class connection : public std::enable_shared_from_this<connection>, private stream_port {
public:
  /// @param settings shared by all connections of a port
  [[nodiscard]] static std::shared_ptr<connection>
  create(accepted_socket accepted, std::shared_ptr<const connection_settings> settings, connection_callbacks callbacks);

  connection(const connection&) = delete;
  connection(connection&&) = delete;
  connection& operator=(const connection&) = delete;
  connection& operator=(connection&&) = delete;
  virtual ~connection();

  /// Starts reading. Call once.
  void start();

  /// Completes the current exchange with `Connection: close`, then closes. An idle connection stays open for
  /// drain_linger and answers a request that arrives in that time.
  void graceful_close();

  /// Closes immediately. An open exchange may still be answered; its response is discarded.
  void abort();

private:
  enum class phase : std::uint8_t { idle, head, body, processing, streaming, writing, lingering, closed };

  enum class body_state : std::uint8_t { coming, done, failed };

  // State of a streamed exchange. Reading and writing progress independently of each other.
  struct streams {
    // The request's body.
    bool request_streamed = false;
    body_state body = body_state::coming;
    bool continue_owed = false; ///< the client waits for "100 Continue"
    std::string decoded;        ///< read but not yet delivered; filled only when it is empty
    std::size_t given = 0;      ///< bytes of `decoded` that were delivered
    piece_handler ask;
    std::size_t at_most = 0;

    // The response.
    int status = 0;
    std::size_t route = 0;
    bool begun = false;
    bool ending = false;     ///< end() was called, but not everything is sent yet
    bool sends_body = false; ///< not for HEAD
    body_framing framing = body_framing::chunked;
    bool sending = false;          ///< output_ is being written to the socket
    std::size_t sent = 0;          ///< bytes of output_ that were written
    std::string queued;            ///< to be sent after output_
    written_handler done;          ///< of a write in `queued`
    written_handler done_sending;  ///< of a write in output_
    std::optional<response> whole; ///< an ordinary response that waits for output_
  };

  // A body up to this size is appended to its header: one contiguous write is cheaper than a gathered one.
  static constexpr std::size_t copied_body_size = std::size_t{4} * 1024;
  static constexpr std::size_t body_read_size = std::size_t{16} * 1024;

  connection(accepted_socket accepted, std::shared_ptr<const connection_settings> settings,
             connection_callbacks callbacks);

  template <class Function>
  auto guarded(Function function);
  template <class Function>
  void post(Function function);

  void begin();
  void drain();
  void evict();
  void read();
  void read_some();
  void wait_for_input();
  void on_read(boost::system::error_code ec, std::size_t bytes);
  void advance();
  void on_head();
  void begin_body();
  void begin_stream();
  void dispatch_request(bool streamed);
  void deliver(std::uint64_t sequence, response answer);
  void on_response(std::uint64_t sequence, response answer);
  void report(int status, std::string_view reason);
  void count(int status, std::size_t route, core::steady_time now) noexcept;
  void refuse(int status, std::string_view reason);
  void respond_overdue();
  void write(response answer);
  void on_written(boost::system::error_code ec);
  void next_request();
  void linger();
  void close();
  void set_deadline(std::chrono::milliseconds from_now);
  void arm();
  void on_timer(boost::system::error_code ec);
  void on_slow_request(std::chrono::milliseconds limit, std::string_view reason);
  void consume(std::size_t bytes, bool holds_body);
  void wipe_output();
  [[nodiscard]] std::string_view unread() const;

  // Memory: connection_memory.cpp.
  [[nodiscard]] bool hold(std::size_t bytes);
  void with_memory(std::size_t bytes, void (connection::*next)());
  [[nodiscard]] bool go_on(std::size_t bytes, void (connection::*next)(), bool overdue);
  void release_memory();
  void release_input();
  void hold_response(response& answer);
  [[nodiscard]] bool memory_is_short() const noexcept;
  [[nodiscard]] std::size_t header_bytes(std::size_t next_read);
  void hold_body(const body_policy& policy);

  // Streams: connection_stream.cpp.
  void read_body(std::uint64_t sequence, std::size_t at_most, piece_handler handler) override;
  void begin_answer(std::uint64_t sequence, response head) override;
  void write_answer(std::uint64_t sequence, std::string bytes, written_handler done) override;
  void end_answer(std::uint64_t sequence) override;
  void cut_answer(std::uint64_t sequence) override;
  template <class Function>
  void pass_on(Function function);
  [[nodiscard]] bool has_streams(std::uint64_t sequence) const noexcept;
  void on_ask(std::size_t at_most, piece_handler handler);
  void on_begin(response head);
  void on_write(std::string bytes, written_handler done);
  void on_end();
  void on_whole_answer(response answer);
  void on_streamed_bytes(boost::system::error_code ec, std::size_t bytes);
  void continue_body();
  void decode_body();
  void fail_body();
  void give_piece();
  [[nodiscard]] bool body_read_to_end();
  void send_queued();
  void send_some();
  void on_sent(boost::system::error_code ec, std::size_t bytes);
  void on_all_sent();
  void finish_streams();
  void fail_ask();
  void drop_streams();
  void touch();
  void on_stream_timeout();

  tcp_socket socket_;
  std::shared_ptr<connection_lease> lease_;
  std::shared_ptr<const connection_settings> settings_;
  connection_callbacks callbacks_;
  steady_timer timer_;
  core::steady_time deadline_{};
  core::steady_time armed_ = core::steady_time::max(); ///< when the timer fires; max: it is not set
  core::steady_time slow_since_{};                     ///< beginning of the header or body that is being read
  memory_queue& queue_;                                ///< of the event loop
  core::byte_share memory_;
  boost::beast::flat_buffer input_;
  request_parser parser_;
  std::string remote_address_;

  // The request that is being answered.
  std::uint64_t sequence_ = 0;
  core::steady_time arrived_at_{};
  std::string correlation_id_;
  std::weak_ptr<exchange> open_;
  bool head_request_ = false;
  bool keep_alive_ = false;
  bool http_1_0_ = false;
  streams streams_;

  // The response that is being written.
  std::string output_;
  std::string output_body_;
  bool sensitive_ = false;

  phase phase_ = phase::idle;
  bool reading_ = false;    ///< a read is pending
  bool progressed_ = false; ///< bytes have come since the last look
  bool awaits_memory_ = false;
  bool continuing_ = false; ///< "100 Continue" is being written
  bool draining_ = false;
};

// Wraps a handler so that it keeps the connection alive and no exception reaches the io_context.
template <class Function>
auto connection::guarded(Function function) {
  return [self = shared_from_this(), function = std::move(function)](auto&&... arguments) mutable {
    try {
      std::invoke(function, *self, std::forward<decltype(arguments)>(arguments)...);
    } catch (const std::exception& e) {
      self->report(500, e.what());
      self->close();
    }
  };
}

template <class Function>
void connection::post(Function function) {
  net::post(socket_.get_executor(), guarded(std::move(function)));
}

} // namespace cm::http
