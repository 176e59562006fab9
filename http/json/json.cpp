#include "http/json/json.hpp"

#include "core/base/byte_order_mark.hpp"
#include "core/base/text.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/memory_resource.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_stack.hpp>
#include <openssl/crypto.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

namespace cm::http {

namespace {

namespace json = boost::json;
using error_code = json::error_code;
using json_view = json::string_view;

// Wipes all memory of a JSON value when it is freed, including temporary memory of the parser, because a body may
// contain a token or a password. Each block stores its size: Boost.JSON frees some blocks with another alignment than
// it allocated them with.
class wiping_memory final : public json::memory_resource {
  static constexpr std::size_t head = alignof(std::max_align_t); // no part of a JSON value needs more

  void* do_allocate(std::size_t bytes, std::size_t /*alignment*/) override {
    auto* const block = static_cast<unsigned char*>(::operator new(head + bytes));
    std::memcpy(block, &bytes, sizeof bytes);
    return block + head;
  }

  void do_deallocate(void* memory, std::size_t /*bytes*/, std::size_t /*alignment*/) override {
    auto* const block = static_cast<unsigned char*>(memory) - head;
    std::size_t bytes = 0;
    std::memcpy(&bytes, block, sizeof bytes);
    OPENSSL_cleanse(memory, bytes);
    ::operator delete(block);
  }

  [[nodiscard]] bool do_is_equal(const json::memory_resource& other) const noexcept override { return this == &other; }
};

json::storage_ptr wiping_storage() noexcept {
  static wiping_memory instance;
  return json::storage_ptr{&instance};
}

// Builds the value like Boost.JSON's own handler and detects duplicate keys, of which the library would silently keep
// the last.
class strict_handler {
public:
  // Required by basic_parser. No limits of its own: the body limit bounds the text.
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  json::value release() { return values_.release(); }

  void start() { values_.reset(wiping_storage()); }

  [[nodiscard]] const std::optional<std::string>& duplicate() const noexcept { return duplicate_; }

  bool on_document_begin(error_code& /*ec*/) { return true; }

  bool on_document_end(error_code& /*ec*/) { return true; }

  bool on_object_begin(error_code& /*ec*/) { return true; }

  bool on_object_end(std::size_t members, error_code& ec) {
    const auto first = keys_.end() - static_cast<std::ptrdiff_t>(members);
    std::sort(first, keys_.end());
    const auto duplicate = std::adjacent_find(first, keys_.end());
    if (duplicate != keys_.end()) {
      duplicate_ = *duplicate;
      ec = json::error::syntax;
      return false;
    }
    keys_.erase(first, keys_.end());
    values_.push_object(members);
    return true;
  }

  bool on_array_begin(error_code& /*ec*/) { return true; }

  bool on_array_end(std::size_t elements, error_code& /*ec*/) {
    values_.push_array(elements);
    return true;
  }

  bool on_key_part(json_view part, std::size_t /*size*/, error_code& /*ec*/) {
    values_.push_chars(part);
    key_.append(part.data(), part.size());
    return true;
  }

  bool on_key(json_view rest, std::size_t /*size*/, error_code& /*ec*/) {
    values_.push_key(rest);
    key_.append(rest.data(), rest.size());
    keys_.push_back(std::exchange(key_, {}));
    return true;
  }

  bool on_string_part(json_view part, std::size_t /*size*/, error_code& /*ec*/) {
    values_.push_chars(part);
    return true;
  }

  bool on_string(json_view rest, std::size_t /*size*/, error_code& /*ec*/) {
    values_.push_string(rest);
    return true;
  }

  bool on_number_part(json_view /*part*/, error_code& /*ec*/) { return true; }

  bool on_int64(std::int64_t number, json_view /*text*/, error_code& /*ec*/) {
    values_.push_int64(number);
    return true;
  }

  bool on_uint64(std::uint64_t number, json_view /*text*/, error_code& /*ec*/) {
    values_.push_uint64(number);
    return true;
  }

  bool on_double(double number, json_view /*text*/, error_code& /*ec*/) {
    values_.push_double(number);
    return true;
  }

  bool on_bool(bool flag, error_code& /*ec*/) {
    values_.push_bool(flag);
    return true;
  }

  bool on_null(error_code& /*ec*/) {
    values_.push_null();
    return true;
  }

  bool on_comment_part(json_view /*part*/, error_code& /*ec*/) { return true; }

  bool on_comment(json_view /*text*/, error_code& /*ec*/) { return true; }

private:
  json::value_stack values_{wiping_storage()};
  std::string key_;
  std::vector<std::string> keys_; // of all unfinished objects, innermost last
  std::optional<std::string> duplicate_;
};

core::error invalid(std::string message) {
  return core::make_error(core::errc::invalid, std::move(message));
}

} // namespace

core::expected<json::object> parse_json_object(std::string_view body) {
  if (core::is_blank(body))
    return invalid("A JSON object is expected, the body is empty");
  json::parse_options options;
  options.max_depth = max_json_depth;
  json::basic_parser<strict_handler> parser{options};
  parser.handler().start();
  error_code ec;
  const std::size_t read = parser.write_some(false, body.data(), body.size(), ec);
  if (const auto& duplicate = parser.handler().duplicate()) {
    core::error error = invalid("A member of the JSON object is given twice");
    error.fields.push_back({*duplicate, "is given twice"});
    return error;
  }
  if (ec == json::error::too_deep)
    return invalid("The JSON text is nested too deeply");
  if (ec)
    return invalid("Malformed JSON at byte " + std::to_string(read) + ": " + ec.message());
  if (!core::is_blank(body.substr(read)))
    return invalid("There is more than one JSON value");
  json::value whole = parser.handler().release();
  if (!whole.is_object())
    return invalid("A JSON object is expected");
  return std::move(whole.get_object());
}

core::expected<json::object> parse_json_body(std::string_view body) {
  return parse_json_object(core::without_byte_order_mark(body));
}

void member_reader::reject(std::string_view name, std::string message) {
  errors_.push_back({std::string{name}, std::move(message)});
}

std::string_view member_reader::required_string(std::string_view name) {
  const auto* found = from_.if_contains(json_view{name.data(), name.size()});
  if (found == nullptr || found->is_null()) {
    reject(name, "is required");
    return {};
  }
  return optional_string(name).value_or(std::string_view{});
}

std::optional<std::string_view> member_reader::optional_string(std::string_view name) {
  const auto* found = from_.if_contains(json_view{name.data(), name.size()});
  if (found == nullptr || found->is_null())
    return std::nullopt;
  const auto* text = found->if_string();
  if (text == nullptr) {
    reject(name, "must be a string");
    return std::nullopt;
  }
  return std::string_view{text->data(), text->size()};
}

} // namespace cm::http
