#include "catch.hpp"
#include "storage/session/commands.hpp"
#include "storage/sql/size_class.hpp"

using namespace cm::storage;

TEST_CASE("a list belongs to the smallest class that can hold it") {
  for (std::size_t count = 1; count <= max_batch; ++count) {
    INFO(count);
    const auto index = class_holding(count);
    CHECK(size_classes[index] >= count);
    if (index > 0)
      CHECK(size_classes[index - 1] < count);
  }
}

TEST_CASE("a list is processed in chunks of the largest class that it fills") {
  for (std::size_t count = 1; count <= max_batch; ++count) {
    INFO(count);
    const auto index = class_filled_by(count);
    CHECK(size_classes[index] <= count);
    if (index + 1 < size_classes.size())
      CHECK(size_classes[index + 1] > count);
  }
}

TEST_CASE("the text of a class repeats the part as often as the class says") {
  const auto texts = statement_texts("a (", "?", ")");
  CHECK(texts[0] == "a (?)");
  CHECK(texts[1] == "a (?,?,?,?)");
}
