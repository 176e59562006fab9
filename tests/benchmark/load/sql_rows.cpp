#include "sql_rows.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace cm::benchmark {

namespace {

constexpr std::int64_t first_creation = 1'795'000'000'000; // Unix ms

void append_number(std::string& to, std::uint64_t number) {
  constexpr std::size_t digits = 8;
  const auto text = std::to_string(number);
  to.append(digits - std::min(digits, text.size()), '0').append(text);
}

const unsigned char* bytes(const std::string& text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

} // namespace

struct row_rule::digest {
  struct release {
    void operator()(EVP_MD* p) const noexcept { EVP_MD_free(p); }

    void operator()(EVP_MD_CTX* p) const noexcept { EVP_MD_CTX_free(p); }
  };

  std::unique_ptr<EVP_MD, release> sha256{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  std::unique_ptr<EVP_MD_CTX, release> context{EVP_MD_CTX_new()};
};

row_rule::row_rule(const sql_options& options) : options_(options), digest_(std::make_unique<digest>()) {
  if (!digest_->sha256 || !digest_->context)
    throw std::runtime_error("OpenSSL has no SHA-256");
  const auto length = static_cast<std::uint32_t>(options.application.size());
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    text_.push_back(static_cast<char>(static_cast<unsigned char>(length >> shift)));
  text_.append(options.application).append(options.token_prefix);
  token_at_ = text_.size();
}

row_rule::~row_rule() = default;

std::array<unsigned char, 16> row_rule::id_of(std::uint64_t number) const noexcept {
  std::array<unsigned char, 16> id{};
  const auto created_at = static_cast<std::uint64_t>(first_creation) + number;
  for (unsigned i = 0; i < 6; ++i)
    id[i] = static_cast<unsigned char>(created_at >> (8U * (5U - i)));
  id[6] = 0x70;
  id[8] = 0x80;
  for (unsigned i = 0; i < 7; ++i)
    id[9 + i] = static_cast<unsigned char>((number * 0x9e3779b97f4a7c15U) >> (8U * i));
  return id;
}

std::array<unsigned char, 32> row_rule::hash_of(std::uint64_t number) {
  text_.resize(token_at_);
  append_number(text_, number);
  std::array<unsigned char, 32> out{};
  unsigned length = 0;
  bool ok = false;
  if (options_.hash_key.empty()) {
    auto* context = digest_->context.get();
    ok = EVP_DigestInit_ex2(context, digest_->sha256.get(), nullptr) == 1
         && EVP_DigestUpdate(context, text_.data(), text_.size()) == 1
         && EVP_DigestFinal_ex(context, out.data(), &length) == 1;
  } else {
    ok = HMAC(digest_->sha256.get(), options_.hash_key.data(), static_cast<int>(options_.hash_key.size()), bytes(text_),
              text_.size(), out.data(), &length)
         != nullptr;
  }
  if (!ok || length != out.size())
    throw std::runtime_error("OpenSSL failed to hash a token");
  return out;
}

sql_row row_rule::row_of(std::uint64_t number) {
  sql_row row;
  row.id = id_of(number);
  row.hash = hash_of(number);
  row.endpoint = options_.endpoint_prefix;
  append_number(row.endpoint, number / options_.per_endpoint);
  row.created_at = first_creation + static_cast<std::int64_t>(number);
  return row;
}

// A step near the golden section of n and coprime to it, so that consecutive numbers are far apart.
scattered::scattered(std::uint64_t n) noexcept : n_(n), step_(n * 618 / 1000 + 1) {
  while (std::gcd(step_, n_) != 1)
    ++step_;
}

std::uint64_t scattered::operator[](std::uint64_t index) const noexcept {
  return index % n_ * step_ % n_; // n is at most 2e9: no overflow
}

} // namespace cm::benchmark
