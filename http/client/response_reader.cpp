#include "http/client/response_reader.hpp"

#include "core/base/secret.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstdint>
#include <optional>

namespace cm::client {

namespace {

namespace wire = boost::beast::http;
using boost::system::error_code;

constexpr std::uint32_t max_header = 64 * 1024;
constexpr std::size_t max_waiting = std::size_t{256} * 1024; // header, or chunk framing of the body
constexpr std::size_t max_interim = 10;                      // 1xx responses

// A Beast body type that stores the body or passes its pieces to the stream handler.
struct answer_body {
  struct value_type {
    const answer_reader::stream_handler* on_stream = nullptr;
    std::string text;
  };

  class reader {
  public:
    template <bool IsRequest, class Fields>
    reader(const wire::header<IsRequest, Fields>& head, value_type& into)
      : status_([&head] { return head.result_int(); }), into_(into) {}

    void init(const boost::optional<std::uint64_t>& /*length*/, error_code& ec) {
      streamed_ = status_() == 200 && into_.on_stream != nullptr && *into_.on_stream;
      ec = {};
    }

    template <class Buffers>
    std::size_t put(const Buffers& buffers, error_code& ec) {
      ec = {};
      std::size_t size = 0;
      for (auto buffer = boost::asio::buffer_sequence_begin(buffers);
           buffer != boost::asio::buffer_sequence_end(buffers); ++buffer) {
        const boost::asio::const_buffer piece = *buffer;
        const std::string_view bytes{static_cast<const char*>(piece.data()), piece.size()};
        if (!streamed_ && into_.text.size() + bytes.size() > max_answer_body)
          ec = wire::error::body_limit;
        else if (!streamed_)
          into_.text.append(bytes);
        else if (!(*into_.on_stream)(bytes))
          ec = boost::system::errc::make_error_code(boost::system::errc::operation_canceled);
        if (ec)
          return size;
        size += bytes.size();
      }
      return size;
    }

    static void finish(error_code& ec) { ec = {}; }

  private:
    std::function<unsigned()> status_; // a function, because the header is parsed after the construction of this reader
    value_type& into_;
    bool streamed_ = false;
  };
};

using parser_type = wire::response_parser<answer_body>;

} // namespace

struct answer_reader::state {
  stream_handler on_stream;
  std::optional<parser_type> parser;
  std::string waiting; // received bytes that the parser has not consumed
  std::size_t interim = 0;
  bool continued = false;

  void begin() {
    parser.emplace();
    parser->header_limit(max_header);
    parser->body_limit(boost::none);
    parser->eager(true);
    parser->get().body().on_stream = &on_stream;
  }

  core::expected<void> judge(error_code ec) const {
    if (!ec || ec == wire::error::need_more)
      return {};
    if (ec == boost::system::errc::operation_canceled)
      return core::make_error(core::errc::internal, "the transfer was aborted");
    return core::make_error(core::errc::unavailable, "the answer is not that of an HTTP service: " + ec.message());
  }
};

answer_reader::answer_reader(stream_handler on_stream) : state_(std::make_unique<state>()) {
  state_->on_stream = std::move(on_stream);
  state_->begin();
}

answer_reader::~answer_reader() {
  core::wipe(state_->waiting);
}

core::expected<void> answer_reader::feed(std::string_view bytes) {
  auto& s = *state_;
  s.waiting.append(bytes);
  std::size_t used = 0;
  while (used < s.waiting.size() && !is_done()) {
    error_code ec;
    const auto count = s.parser->put(boost::asio::buffer(s.waiting.data() + used, s.waiting.size() - used), ec);
    used += count;
    if (auto verdict = s.judge(ec); !verdict)
      return verdict;
    if (s.parser->is_done() && s.parser->get().result_int() < 200) {
      s.continued = s.continued || s.parser->get().result_int() == 100;
      if (++s.interim > max_interim)
        return core::make_error(core::errc::unavailable, "too many interim responses");
      s.begin();
    } else if (count == 0 || ec) {
      break;
    }
  }
  s.waiting.erase(0, used);
  if (s.waiting.size() > max_waiting && !is_done())
    return core::make_error(core::errc::unavailable, "the answer is not that of an HTTP service: too long a line");
  return {};
}

core::expected<void> answer_reader::end() {
  if (is_done())
    return {};
  error_code ec;
  if (state_->parser->got_some())
    state_->parser->put_eof(ec);
  if (is_done() && !ec)
    return {};
  return core::make_error(core::errc::unavailable, status() == 0 ? "the connection was closed without a response"
                                                                 : "the response is incomplete");
}

bool answer_reader::is_done() const {
  return state_->parser->is_done() && state_->parser->get().result_int() >= 200;
}

bool answer_reader::is_continued() const {
  return state_->continued;
}

unsigned answer_reader::status() const {
  return state_->parser->is_header_done() && state_->parser->get().result_int() >= 200
           ? state_->parser->get().result_int()
           : 0;
}

answer answer_reader::take() {
  auto& message = state_->parser->get();
  const auto text = [](auto view) { return std::string(view.data(), view.size()); };
  return {message.result_int(), text(message.reason()), text(message[wire::field::retry_after]),
          text(message["Correlation-ID"]), std::move(message.body().text)};
}

} // namespace cm::client
