// Requests to the monitoring agent. The first byte selects whether the rest is a path or a body.
#include "http/management/jolokia.hpp"

#include <boost/json/parse.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace cm;

namespace {

http::request make_request(bool posted, std::string_view text) {
  http::request_head head;
  std::string target = "/jolokia/";
  if (!posted)
    target.append(text);
  head.set_request_line(posted ? http::method::post : http::method::get, target, false);
  static_cast<void>(head.decode());
  return {std::move(head), posted ? std::string(text) : std::string{}};
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<http::managed_bean> beans{{http::parse_object_name("java.lang:type=Memory").value(),
                                                      "",
                                                      {{"Usage", {{"used", 1}}}, {"List", boost::json::array{1}}}}};
  if (size == 0)
    return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1}; // NOLINT: bytes as text
  const auto answer = http::answer_jolokia(make_request(data[0] % 2 != 0, text), {beans, "0", "cm", {}});
  boost::json::error_code failed;
  static_cast<void>(boost::json::parse(answer.body, failed));
  if (answer.status != 200 || failed)
    std::abort();
  return 0;
}
