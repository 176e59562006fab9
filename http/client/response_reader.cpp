#include "http/client/response_reader.hpp"

#include "core/base/secret.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace cm::http {

namespace {

namespace wire = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t max_framing = std::size_t{256} * 1024; // of one chunk
constexpr std::size_t min_last_chunk = 5;                    // "0", and two line ends
constexpr std::size_t max_interim = 10;                      // 1xx responses

// A Beast body type that stores the body or passes its pieces to the stream handler.
struct response_body {
  struct value_type {
    const body_handler* on_body = nullptr;
    std::size_t max_size = 0; // of a body that is stored
    std::string text;
  };

  class reader {
  public:
    template <bool IsRequest, class Fields>
    reader(const wire::header<IsRequest, Fields>& head, value_type& into)
      : status_([&head] { return head.result_int(); }), into_(into) {}

    void init(const boost::optional<std::uint64_t>& /*length*/, error_code& ec) {
      streamed_ = status_() == 200 && into_.on_body != nullptr && *into_.on_body;
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
        if (!streamed_ && into_.text.size() + bytes.size() > into_.max_size)
          ec = wire::error::body_limit;
        else if (!streamed_)
          into_.text.append(bytes);
        else if (!(*into_.on_body)(bytes))
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

using parser_type = wire::response_parser<response_body>;

} // namespace

std::string_view client_response::field(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& entry) {
    return boost::beast::iequals({entry.first.data(), entry.first.size()}, {name.data(), name.size()});
  });
  return found == fields.end() ? std::string_view{} : std::string_view{found->second};
}

struct response_reader::state {
  response_limits limits;
  body_handler on_body;
  std::optional<parser_type> parser;
  std::string waiting;         // received bytes that the parser has not consumed
  std::size_t header_left = 0; // how many bytes more the header may have
  bool body_begun = false;
  std::size_t interim = 0;
  bool continued = false;

  void begin() {
    parser.emplace();
    header_left = limits.max_header;
    constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max();
    parser->header_limit(static_cast<std::uint32_t>(std::min(limits.max_header, most)));
    parser->body_limit(boost::none); // by response_body, unless all bodies are stored
    if (!on_body)
      parser->body_limit(limits.max_body);
    body_begun = false;
    parser->get().body().on_body = &on_body;
    parser->get().body().max_size = limits.max_body;
  }

  // How many of the available bytes the parser is to see. Beast 1.81 enforces its header limit only for a header that
  // arrives in pieces; and it has an assertion that fails if the last chunk is also the first one and it sees less than
  // five bytes of that twice.
  [[nodiscard]] std::size_t next_size(std::size_t available) const {
    if (!parser->is_header_done())
      return std::min(available, header_left);
    return parser->chunked() && !body_begun && available < min_last_chunk ? 0 : available;
  }

  void consumed(std::size_t count) {
    body_begun = parser->eager() && (body_begun || count > 0);
    if (parser->is_header_done())
      parser->eager(true); // not before, so that the body is seen by itself
    else
      header_left -= count;
  }

  // How many bytes the parser may leave, because it waits for more.
  [[nodiscard]] std::size_t max_waiting() const { return parser->is_header_done() ? max_framing : header_left; }

  core::expected<void> judge(error_code ec) const {
    if (!ec || ec == wire::error::need_more)
      return {};
    if (ec == boost::system::errc::operation_canceled)
      return core::make_error(core::errc::internal, "the transfer was aborted");
    return core::make_error(core::errc::unavailable, "the answer is not that of an HTTP service: " + ec.message());
  }
};

response_reader::response_reader(const response_limits& limits, body_handler on_body)
  : state_(std::make_unique<state>()) {
  state_->limits = limits;
  state_->on_body = std::move(on_body);
  state_->begin();
}

response_reader::~response_reader() {
  core::wipe(state_->waiting);
}

core::expected<void> response_reader::feed(std::string_view bytes) {
  auto& s = *state_;
  s.waiting.append(bytes);
  std::size_t used = 0;
  while (used < s.waiting.size() && !is_done()) {
    error_code ec;
    const auto size = s.next_size(s.waiting.size() - used);
    if (size == 0)
      break;
    const auto count = s.parser->put(boost::asio::buffer(s.waiting.data() + used, size), ec);
    used += count;
    s.consumed(count);
    if (auto verdict = s.judge(ec); !verdict)
      return verdict;
    if (s.parser->is_done() && s.parser->get().result_int() < 200) {
      s.continued = s.continued || s.parser->get().result_int() == 100;
      if (++s.interim > max_interim)
        return core::make_error(core::errc::unavailable, "too many interim responses");
      s.begin();
    } else if (count == 0) {
      break;
    }
  }
  s.waiting.erase(0, used);
  if (s.waiting.size() >= s.max_waiting() && !is_done())
    return core::make_error(core::errc::unavailable, "the answer is not that of an HTTP service: too long a line");
  return {};
}

core::expected<void> response_reader::end() {
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

bool response_reader::is_done() const {
  return state_->parser->is_done() && state_->parser->get().result_int() >= 200;
}

bool response_reader::is_continued() const {
  return state_->continued;
}

unsigned response_reader::status() const {
  return state_->parser->is_header_done() && state_->parser->get().result_int() >= 200
           ? state_->parser->get().result_int()
           : 0;
}

bool response_reader::keeps_alive() const {
  return state_->parser->keep_alive() && state_->waiting.empty();
}

client_response response_reader::take() {
  auto& message = state_->parser->get();
  const auto text = [](auto view) { return std::string(view.data(), view.size()); };
  client_response result{message.result_int(), text(message.reason()), {}, std::move(message.body().text)};
  for (const auto& field : message)
    result.fields.emplace_back(text(field.name_string()), text(field.value()));
  return result;
}

} // namespace cm::http
