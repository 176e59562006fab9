#include "catch.hpp"
#include "core/certificates/certificate_pem.hpp"

#include <algorithm>
#include <string>
#include <vector>

using cm::core::detail::only_certificate_der;

namespace {

const std::string one = "-----BEGIN CERTIFICATE-----\nAQIDBAUG\nBwgJCg==\n-----END CERTIFICATE-----\n";
const std::string its_bytes = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a";
const std::string mark = "\xef\xbb\xbf";

std::string with_lines(std::string_view text, std::string_view before, std::string_view after) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    out.append(before).append(text.substr(at, end - at)).append(after);
    at = end + 1;
  }
  return out;
}

std::string pem_error(std::string_view text) {
  const auto result = only_certificate_der(text);
  INFO(text);
  REQUIRE(result.has_error());
  CHECK(result.error().code == cm::core::errc::invalid);
  return result.error().message;
}

} // namespace

TEST_CASE("white space within a PEM block and in front of its first line has no meaning") {
  auto blank_in_the_middle = one;
  blank_in_the_middle.insert(one.find("Bwg"), "\n  \n\t\n");
  auto blank_at_the_end = one;
  blank_at_the_end.insert(one.find("-----END"), "\n\n");
  auto in_one_line = one;
  std::ranges::replace(in_one_line, '\n', ' ');
  auto without_line_ends = one;
  std::erase(without_line_ends, '\n');
  for (const auto& text : {one,
                           with_lines(one, "", "\r\n"),
                           with_lines(one, "", "\r"),
                           with_lines(one, "", "\n\r"),
                           with_lines(one, "\t", "\n"),
                           with_lines(one, "    ", "\n"),
                           with_lines(one, " \t ", "\r"),
                           with_lines(one, "", " \t\n"),
                           with_lines(one, "", " \r\n"),
                           with_lines(one, "", "\n\n"),
                           with_lines(one, "", "\r\r\n"),
                           with_lines(one, "\v", "\f\n"),
                           blank_in_the_middle,
                           blank_at_the_end,
                           in_one_line,
                           without_line_ends,
                           mark + one,
                           mark + "\r\n \t" + one,
                           "  " + mark + one,
                           one.substr(0, one.size() - 1),
                           "\n\n" + one + " \n\t"}) {
    INFO(text);
    const auto der = only_certificate_der(text);
    REQUIRE(der.has_value());
    CHECK(*der == its_bytes);
  }
}

TEST_CASE("text and blocks of other kinds around a PEM block are ignored, whatever their line ends are") {
  const std::string key = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n"
                          "-----END RSA PRIVATE KEY-----\n";
  const std::string request = "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n";
  for (const auto& text :
       {"Subject: CN=a\nIssuer: CN=b\n" + one + "the end", "Subject: CN=a\r" + with_lines(one, "", "\r") + "the end\r",
        mark + "Bag Attributes\r\n    localKeyID: 01\r\n" + with_lines(one, "", "\r\n"), key + one, one + key,
        request + one + request, "look for -----BEGIN CERTIFICATE----- in the file:\n" + one,
        one + "that was -----BEGIN CERTIFICATE-----\n", "----------BEGIN CERTIFICATE-----\n" + one,
        "-----BEGIN CERTIFICATE ----\n" + one, "\xff\xfe text in Latin-1 \xe4\n" + one}) {
    INFO(text);
    const auto der = only_certificate_der(text);
    REQUIRE(der.has_value());
    CHECK(*der == its_bytes);
  }
}

TEST_CASE("OpenSSL's old name of the block is read, with the same name at its end") {
  CHECK(*only_certificate_der("-----BEGIN X509 CERTIFICATE-----\nAQID\n-----END X509 CERTIFICATE-----\n")
        == "\x01\x02\x03");
  CHECK(pem_error("-----BEGIN X509 CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n")
        == "the certificate is damaged");
}

TEST_CASE("a second certificate is an error in every shape of the text") {
  const std::string message = "there is more than one certificate";
  auto in_one_line = one + one;
  std::ranges::replace(in_one_line, '\n', ' ');
  for (const auto& text : {one + one, with_lines(one + one, "", "\r"), with_lines(one + one, "\t", "\n"), in_one_line,
                           one + mark + one, one + "the next:\n \t" + one})
    CHECK(pem_error(text) == message);
  CHECK(pem_error(one + one.substr(0, one.size() - 10)) == "the text after the certificate is damaged");
}

TEST_CASE("a block that is not base64 is damaged") {
  const auto with = [](const std::string& content) {
    return "-----BEGIN CERTIFICATE-----\n" + content + "\n-----END CERTIFICATE-----\n";
  };
  for (const auto& content :
       {std::string("AQI!"), std::string("AQ-D"), std::string("AQI"), std::string("A"), std::string("AQ==BAUG"),
        std::string("====A"), std::string("Proc-Type: 4,ENCRYPTED\n\nAQID"), std::string("AQ\0ID", 5),
        std::string("AQ\xc2\xa0ID"), "AQID\n" + mark + "BAUG", std::string("AQID\n-----BEGIN CERTIFICATE-----\nAQID")})
    CHECK(pem_error(with(content)) == "the certificate is damaged");
  CHECK(pem_error("-----BEGIN CERTIFICATE-----\nAQID\n") == "the certificate is damaged");
  CHECK(pem_error("") == "there is no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  CHECK(pem_error("x -----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n")
        == "there is no certificate in PEM (-----BEGIN CERTIFICATE-----)");
}
