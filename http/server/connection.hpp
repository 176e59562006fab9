// One keep-alive connection: it reads requests, hands each out as an exchange, and writes the responses.
#pragma once

#include "core/observability/metrics.hpp"
#include "http/server/acceptor.hpp"
#include "http/server/body_stream.hpp"
#include "http/server/exchange.hpp"
#include "http/server/net.hpp"
#include "http/server/request_parser.hpp"
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
  std::size_t body_limit = std::size_t{64} * 1024; ///< where no policy is given
  std::chrono::milliseconds header_timeout{10000}; ///< from the first byte of a request to the end of its header
  std::chrono::milliseconds body_timeout{30000};   ///< for the whole body, when it is not streamed
  std::chrono::milliseconds idle_timeout{60000};   ///< without a byte between requests
  /// An exchange that is not answered by then is answered 503; one with streams, when nobody read or wrote for so long
  /// (one whose answer was begun is cut off instead).
  std::chrono::milliseconds response_timeout{60000};
  std::chrono::milliseconds write_timeout{30000}; ///< for one response, when it is not streamed
  /// While a piece of a body is asked for or written: without a byte in either direction.
  std::chrono::milliseconds stream_idle_timeout{30000};
  std::chrono::milliseconds linger_timeout{1000}; ///< after the last response, until the peer closes
  std::chrono::milliseconds drain_linger{200};    ///< how long an idle connection stays open after graceful_close()
};

/// A response that the connection gave by itself, for the log and the counters.
struct refusal {
  int status = 0;
  std::string reason;
  std::string correlation_id;
  std::string remote_address;
};

/// All are called in the io thread; what they throw is caught. `on_request` must be set, the others may be empty.
struct connection_callbacks {
  std::function<void(std::shared_ptr<exchange>)> on_request; ///< the next comes after this one's response was sent
  std::function<void()> on_closed;                           ///< exactly once, last of all
  std::function<body_policy(const request_head&)> policy;    ///< asked when a header is complete
  std::function<void(const refusal&)> on_refused;
  std::shared_ptr<core::http_counters> counters; ///< of the io thread; null: nothing is counted
};

/// Lives on the io_context of its socket and keeps itself alive until it is closed: others had better hold a weak_ptr,
/// because a connection must not outlive its io_context. The public functions may be called from any thread while that
/// io_context exists. At most one exchange is open at a time; requests that arrive meanwhile
/// wait in the socket (pipelining, RFC 9112 section 9.3.2).
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

  /// Begins to read. Once.
  void start();

  /// Lets what is in flight finish, says `Connection: close`, and closes. An idle connection stays for drain_linger,
  /// because a request may be on its way, and answers that one.
  void graceful_close();

  /// Closes at once. An open exchange may still be answered; the response goes nowhere.
  void abort();

private:
  enum class phase : std::uint8_t { idle, head, body, processing, streaming, writing, lingering, closed };

  enum class body_state : std::uint8_t { coming, done, failed };

  // What an exchange with streams is at. Reading and writing go on independently of each other.
  struct streams {
    // The request's body.
    bool request_streamed = false;
    body_state body = body_state::coming;
    bool continue_owed = false; ///< the client waits for "100 Continue"
    std::string decoded;        ///< read but not yet given out; filled only when it is empty
    std::size_t given = 0;      ///< how much of `decoded` was given out
    piece_handler ask;
    std::size_t at_most = 0;

    // The response.
    int status = 0;
    std::size_t route = 0;
    bool begun = false;
    bool ending = false;     ///< ended, but not all is sent yet
    bool sends_body = false; ///< not for HEAD
    body_framing framing = body_framing::chunked;
    bool sending = false;          ///< output_ is on its way
    std::size_t sent = 0;          ///< how much of it
    std::string queued;            ///< goes after output_
    written_handler done;          ///< of a write in `queued`
    written_handler done_sending;  ///< of a write in output_
    std::optional<response> whole; ///< an ordinary response that waits for output_
  };

  connection(accepted_socket accepted, std::shared_ptr<const connection_settings> settings,
             connection_callbacks callbacks);

  template <class Function>
  auto guarded(Function function);
  template <class Function>
  void post(Function function);

  void begin();
  void drain();
  void read();
  void on_read(boost::system::error_code ec, std::size_t bytes);
  void advance();
  [[nodiscard]] bool on_head();
  void dispatch_request(bool streamed);
  void deliver(std::uint64_t sequence, response answer);
  void on_response(std::uint64_t sequence, response answer);
  void report(int status, std::string_view reason);
  void count(int status, std::size_t route, core::steady_time now) noexcept;
  void refuse(int status, std::string_view reason);
  void mismatched_response();
  void write(response answer);
  void on_written(boost::system::error_code ec);
  void next_request();
  void linger();
  void close();
  void set_deadline(std::chrono::milliseconds from_now);
  void arm();
  void on_timer(boost::system::error_code ec);
  void consume(std::size_t bytes, bool holds_body);
  void wipe_output();
  [[nodiscard]] std::string_view unread() const;

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
  std::shared_ptr<void> lease_;
  std::shared_ptr<const connection_settings> settings_;
  connection_callbacks callbacks_;
  steady_timer timer_;
  core::steady_time deadline_{};
  core::steady_time armed_ = core::steady_time::max(); ///< when the timer rings; max: it is not set
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
  bool reading_ = false;    ///< a read is under way
  bool continuing_ = false; ///< "100 Continue" is being written
  bool draining_ = false;
};

// A handler that keeps the connection alive and lets no exception into the io_context.
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
