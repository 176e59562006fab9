// Converts records between Avro and JSON with CM's codecs, for tests that compare them with third-party codecs.
//
// Reads commands line by line: "decode ecap.X <hex>" prints JSON, "encode ecap.X <JSON>" prints hex; "refused" if the
// message is not the record. Hex may be empty.
#include "avro_json.hpp"

#include <exception>
#include <iostream>
#include <string>
#include <string_view>

namespace {

std::string_view next_word(std::string_view& line) {
  const auto end = line.find(' ');
  const auto word = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return word;
}

template <class Record>
std::string convert(std::string_view verb, std::string_view operand, Record record) {
  using namespace cm;
  if (verb == "decode") {
    const auto bytes = test::from_hex(operand);
    const auto decoded = messaging::decode<Record>(bytes);
    return decoded ? boost::json::serialize(test::record_to_json(*decoded)) : "refused";
  }
  const auto json = boost::json::parse({operand.data(), operand.size()});
  test::record_from_json(json.as_object(), record);
  std::string bytes;
  messaging::encode(record, bytes);
  return test::to_hex(bytes);
}

} // namespace

int main() {
  try {
    for (std::string line; std::getline(std::cin, line);) {
      std::string_view rest = line;
      const auto verb = next_word(rest);
      const auto name = next_word(rest);
      const bool known = cm::test::with_record(name, [&](auto record) {
        std::cout << convert(verb, rest, record) << '\n' << std::flush;
      });
      if (!known || (verb != "decode" && verb != "encode")) {
        std::cerr << "avro_tool: cannot " << verb << ' ' << name << '\n';
        return 64;
      }
    }
  } catch (const std::exception& e) {
    std::cerr << "avro_tool: " << e.what() << '\n';
    return 1;
  }
  return 0;
}
