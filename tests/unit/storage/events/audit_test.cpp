#include "catch.hpp"
#include "core/base/text.hpp"
#include "storage/events/audit.hpp"

#include <string>

using namespace cm;
using namespace cm::storage;

TEST_CASE("an audit text that fits is stored unchanged") {
  CHECK(audit_text("").empty());
  CHECK(audit_text("Jörg \U0001F511") == "Jörg \U0001F511");
  CHECK(audit_text(std::string(255, 'x')) == std::string(255, 'x'));
}

TEST_CASE("a long audit text is cut between characters") {
  CHECK(audit_text(std::string(256, 'x')).size() == 255);
  CHECK(audit_text(std::string(254, 'x') + "ö") == std::string(254, 'x'));
  CHECK(audit_text(std::string(251, 'x') + "\U0001F511y") == std::string(251, 'x') + "\U0001F511");
}

TEST_CASE("invalid UTF-8 becomes a question mark") {
  CHECK(audit_text("a\xFF"
                   "b")
        == "a?b");
  CHECK(audit_text("\xC3") == "?");
  CHECK(audit_text("\xF0\x9F\x94") == "???");
  CHECK(audit_text("\xC0\xAF") == "??");
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second), 'x'};
      CHECK(core::is_utf8(audit_text(text)));
    }
  }
}
