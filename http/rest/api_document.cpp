#include "http/rest/api_document.hpp"

#include "core/base/text.hpp"
#include "http/rest/negotiation.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

namespace cm::http {

namespace {

constexpr std::string_view style = R"(body{margin:2rem auto;max-width:72rem;padding:0 1rem;font:16px/1.5 sans-serif}
table{border-collapse:collapse;width:100%}
th,td{padding:.3rem .6rem;border-bottom:1px solid #ccc;text-align:left;vertical-align:top}
code,pre{font-family:monospace;font-size:.9rem}
pre{overflow:auto;padding:1rem;border:1px solid #ccc}
)";

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
    case '&':
      out.append("&amp;");
      break;
    case '<':
      out.append("&lt;");
      break;
    case '>':
      out.append("&gt;");
      break;
    default:
      out.push_back(c);
    }
  }
}

// The text after `prefix`; "" if the line does not start with it.
std::string_view text_after(std::string_view line, std::string_view prefix) noexcept {
  return line.substr(0, prefix.size()) == prefix ? line.substr(prefix.size()) : std::string_view{};
}

std::string_view without_colon(std::string_view text) noexcept {
  if (!text.empty() && text.back() == ':')
    text.remove_suffix(1);
  return text;
}

bool is_method(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 4> methods{"get:", "post:", "put:", "delete:"};
  return std::find(methods.begin(), methods.end(), text) != methods.end();
}

// Scans for operations without a YAML parser: the layout of the document is known, and a test compares the resulting
// table with the routes.
void append_operations(std::string& out) {
  std::string_view rest = openapi_document();
  std::string_view path;
  std::string_view verb;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (const auto found = text_after(line, "  /"); !found.empty()) {
      path = without_colon(line.substr(2));
    } else if (const auto member = text_after(line, "    "); is_method(member)) {
      verb = without_colon(member);
    } else if (const auto summary = text_after(line, "      summary: "); !summary.empty()) {
      out.append("<tr><td><code>").append(core::to_upper(verb)).append("</code></td><td><code>");
      append_escaped(out, path);
      out.append("</code></td><td>");
      append_escaped(out, summary);
      out.append("</td></tr>\n");
    }
  }
}

std::string make_page() {
  constexpr std::size_t frame = 16'384;
  std::string out;
  out.reserve(openapi_document().size() + frame);
  out.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
    .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
    .append("<title>Credential Management REST API</title>\n<style>")
    .append(style)
    .append("</style>\n</head>\n<body>\n<h1>Credential Management REST API</h1>\n<h2>Operations</h2>\n")
    .append("<table>\n<thead><tr><th>Method</th><th>Path</th><th>What it does</th></tr></thead>\n<tbody>\n");
  append_operations(out);
  out.append("</tbody>\n</table>\n<h2>OpenAPI document</h2>\n")
    .append("<p>Also at <a href=\"openapi.yaml\">openapi.yaml</a>.</p>\n<pre>");
  append_escaped(out, openapi_document());
  out.append("</pre>\n</body>\n</html>\n");
  return out;
}

// Allows only the inline style, by its hash (CSP level 2, section 4.2).
std::string make_policy() {
  constexpr std::size_t base64_length = 44; // of 32 bytes
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (EVP_Digest(style.data(), style.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("SHA-256 is not available");
  std::array<unsigned char, base64_length + 1> text{};
  EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(length));
  return "default-src 'none'; style-src 'sha256-" + std::string(text.begin(), text.begin() + base64_length)
         + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

} // namespace

response render_openapi(const request_head& from) {
  return render_tagged(from, media::yaml, std::string{openapi_document()});
}

response render_docs(const request_head& from) {
  static const std::string page = make_page();
  static const std::string policy = make_policy();
  response result = render_tagged(from, media::html, page);
  if (!result.content_type.empty())
    result.content_type.append("; charset=utf-8");
  result.with("Content-Security-Policy", policy);
  return result;
}

} // namespace cm::http
