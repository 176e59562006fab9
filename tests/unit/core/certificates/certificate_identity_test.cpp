#include "catch.hpp"
#include "core/certificates/certificate_identity.hpp"
#include "core/certificates/distinguished_name.hpp"
#include "license_files.hpp"

#include <openssl/bn.h>
#include <openssl/err.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace cm::core;

namespace {

struct attribute {
  const char* oid;
  int type; // V_ASN1_…
  std::string bytes;
  int set = 0; // 0: a new relative distinguished name; -1: part of the one of the attribute before
};

struct plan {
  std::vector<attribute> issuer{{"2.5.4.3", V_ASN1_UTF8STRING, "Devices CA"}};
  std::string serial = "4711"; // decimal
};

std::string pem_of(const plan& p) {
  static const auto key = license_files::ec_key();
  const license_files::certificate cert{X509_new(), &X509_free};
  X509_set_version(cert.get(), X509_VERSION_3);
  BIGNUM* number = nullptr;
  license_files::require(BN_dec2bn(&number, p.serial.c_str()) > 0, "serial number");
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert.get()));
  BN_free(number);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
  auto* name = X509_NAME_new();
  for (const auto& a : p.issuer) {
    auto* object = OBJ_txt2obj(a.oid, 1);
    license_files::require(X509_NAME_add_entry_by_OBJ(name, object, a.type,
                                                      reinterpret_cast<const unsigned char*>(a.bytes.data()),
                                                      static_cast<int>(a.bytes.size()), -1, a.set)
                             == 1,
                           "issuer");
    ASN1_OBJECT_free(object);
  }
  X509_set_issuer_name(cert.get(), name);
  X509_NAME_free(name);
  X509_set_pubkey(cert.get(), key.get());
  license_files::require(X509_sign(cert.get(), key.get(), EVP_sha256()) > 0, "signature");
  auto* out = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(out, cert.get());
  char* text = nullptr;
  const auto length = BIO_get_mem_data(out, &text);
  std::string result(text, static_cast<std::size_t>(length));
  BIO_free(out);
  return result;
}

std::string file_in_vectors(const std::string& name) {
  std::ifstream file(CM_SOURCE_DIR "/tests/vectors/certificates/" + name, std::ios::binary);
  license_files::require(file.is_open(), name.c_str());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string issuer_of(const plan& p) {
  const auto found = identify_certificate(pem_of(p));
  REQUIRE(found.has_value());
  CHECK(*canonical_distinguished_name(found->issuer) == found->issuer);
  return found->issuer;
}

std::string certificate_error(std::string_view pem) {
  const auto result = identify_certificate(pem);
  REQUIRE(result.has_error());
  CHECK(result.error().code == errc::invalid);
  CHECK(ERR_peek_error() == 0);
  return result.error().message;
}

} // namespace

TEST_CASE("a certificate is identified by its issuer, most specific part first, and its serial number") {
  plan p;
  p.issuer = {{"2.5.4.6", V_ASN1_PRINTABLESTRING, "UA"},
              {"2.5.4.10", V_ASN1_UTF8STRING, "Example, \"Inc.\""},
              {"2.5.4.3", V_ASN1_UTF8STRING, "Devices CA"}};
  const auto found = identify_certificate(pem_of(p));
  REQUIRE(found.has_value());
  CHECK(found->issuer == R"(CN=Devices CA,O=Example\, \"Inc.\",C=UA)");
  CHECK(found->serial_number == "4711");
}

TEST_CASE("the issuer of a certificate is the canonical form of the output of Java and OpenSSL") {
  plan p;
  p.issuer = {{"0.9.2342.19200300.100.1.25", V_ASN1_IA5STRING, "org"},
              {"1.2.840.113549.1.9.1", V_ASN1_IA5STRING, "ca@example.org"},
              {"2.5.4.5", V_ASN1_PRINTABLESTRING, "77"},
              {"2.5.4.10", V_ASN1_T61STRING,
               "Gr\xfc\xdf"
               "e"},
              {"2.5.4.11", V_ASN1_BMPSTRING, std::string("\x04\x1b\x04\x43", 4)},
              {"1.3.6.1.4.1.99999.1", V_ASN1_UTF8STRING, "text"},
              {"2.5.4.3", V_ASN1_UTF8STRING, " München  日本\n"}};
  const auto issuer = issuer_of(p);
  CHECK(issuer
        == "CN=\\ München  日本\\0a,1.3.6.1.4.1.99999.1=text,OU=Лу,O=Grüße,serialNumber=77,"
           "emailAddress=ca@example.org,DC=org");
  // As printed by Java 17: getName() and toString().
  CHECK(issuer
        == *canonical_distinguished_name("CN=\\ München  日本\\0a,1.3.6.1.4.1.99999.1=#0c0474657874,OU=Лу,O=Grüße,"
                                         "2.5.4.5=#13023737,1.2.840.113549.1.9.1=#160e6361406578616d706c652e6f7267,"
                                         "DC=org"));
  CHECK(issuer
        == *canonical_distinguished_name("CN=\" München  日本\n\", OID.1.3.6.1.4.1.99999.1=text, OU=Лу, O=Grüße, "
                                         "SERIALNUMBER=77, EMAILADDRESS=ca@example.org, DC=org"));
}

// Files of tests/vectors/certificates with names that OpenSSL cannot write; their signatures are not valid. The texts
// are those of Java 17: X500Principal.getName(), toString().
TEST_CASE("names in every string type that Java reads are read, and found by the text that Java prints") {
  struct example {
    const char* file;
    std::string issuer;
    std::vector<std::string> printed;
  };

  const std::vector<example> examples{
    {"bmp_ascii.pem",
     "CN=Devices CA,O=Example,C=DE",
     {"CN=\\00D\\00e\\00v\\00i\\00c\\00e\\00s\\00 \\00C\\00A,O=Example,C=DE", "CN=Devices CA, O=Example, C=DE"}},
    {"bmp_mixed.pem",
     R"(CN=Прилади CA \"x\"\, #1\ ,C=DE)",
     {"CN=\x04\x1f\x04@\x04\x38\x04\\;\x04\x30\x04\x34\x04\x38\\00 \\00C\\00A\\00 \\00\\\"\\00x\\00\\\"\\00\\,\\00 "
      "\\00\\#\\001\\00\\ ,C=DE",
      R"(CN="Прилади CA \"x\", #1 ", C=DE)"}},
    {"bmp_surrogates.pem", "CN=Ger🔧te,O=Example,C=DE", {"CN=Ger🔧te, O=Example, C=DE"}},
    {"multi_valued_surrogates.pem", "CN=CA 😀,O=Org🔔+OU=Fleet,C=DE", {"CN=CA 😀, O=Org🔔 + OU=Fleet, C=DE"}},
    {"subject_surrogates.pem", "CN=Subject astral CA,C=DE", {"CN=Subject astral CA, C=DE"}},
    {"universal_surrogates.pem", "CN=G😀,C=DE", {"CN=#1c0c000000470000d83d0000de00,C=DE", "CN=G😀, C=DE"}},
    {"general_string.pem", "CN=Devices,C=DE", {"CN=Devices,C=DE", "CN=Devices, C=DE"}},
    {"visible_string.pem", "CN=Devices,C=DE", {"CN=#1a0744657669636573,C=DE", "CN=#1a0744657669636573, C=DE"}}};
  for (const auto& [file, issuer, printed] : examples) {
    INFO(file);
    const auto found = identify_certificate(file_in_vectors(file));
    REQUIRE(found.has_value());
    CHECK(found->issuer == issuer);
    CHECK(*canonical_distinguished_name(issuer) == issuer);
    for (const auto& text : printed)
      CHECK(*canonical_distinguished_name(text) == issuer);
  }
  CHECK(certificate_error(file_in_vectors("bmp_half_pair.pem")) == "the certificate is damaged");
}

TEST_CASE("attributes of one relative distinguished name keep the order of the certificate") {
  plan p;
  p.issuer = {{"2.5.4.10", V_ASN1_UTF8STRING, "x"},
              {"2.5.4.3", V_ASN1_UTF8STRING, "a"},
              {"2.5.4.11", V_ASN1_UTF8STRING, "b", -1}};
  CHECK(issuer_of(p) == "CN=a+OU=b,O=x");
}

TEST_CASE("a value of a non-string type stays hexadecimal") {
  plan p;
  p.issuer = {{"2.5.4.45", V_ASN1_BIT_STRING, "\x80\x01"}, {"2.5.4.3", V_ASN1_UTF8STRING, "a"}};
  CHECK(issuer_of(p) == "CN=a,2.5.4.45=#0303008001");
}

TEST_CASE("serial numbers of any length and either sign are decimal") {
  plan p;
  for (const auto* serial : {"0", "255", "1461501637330902918203684832716283019655932542975",
                             "123456789012345678901234567890123456789012345678901234567890", "-1", "-128", "-129",
                             "-340282366920938463463374607431768211456"}) {
    p.serial = serial;
    const auto found = identify_certificate(pem_of(p));
    REQUIRE(found.has_value());
    CHECK(found->serial_number == serial);
  }
  CHECK(identify_certificate(file_in_vectors("neg128.pem"))->serial_number == "-128");
  p.serial = "1" + std::string(2500, '0');
  CHECK(certificate_error(pem_of(p)) == "the certificate's serial number is longer than 1024 bytes");
}

TEST_CASE("text around the certificate is ignored, and so is white space within it") {
  const auto pem = pem_of({});
  CHECK(identify_certificate("Certificate of a device\n" + pem + "\nthe end\n").has_value());
  for (const auto& [name, serial] : {std::pair{"ws_cr.pem", "3001"}, std::pair{"ws_nginx_tab.pem", "3002"},
                                     std::pair{"ws_blank_before_end.pem", "3003"}}) {
    const auto found = identify_certificate(file_in_vectors(name));
    INFO(name);
    REQUIRE(found.has_value());
    CHECK(*found == certificate_identity{"CN=Ws CA", serial});
  }
}

TEST_CASE("exactly one complete certificate with an issuer is accepted") {
  const auto pem = pem_of({});
  CHECK(certificate_error("") == "there is no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  CHECK(certificate_error("hello") == "there is no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  CHECK(certificate_error(pem + pem) == "there is more than one certificate");
  auto damaged = pem;
  damaged[pem.size() / 2] = '!';
  CHECK(certificate_error(damaged) == "the certificate is damaged");
  CHECK(certificate_error(pem.substr(0, pem.size() / 2)) == "the certificate is damaged");
  CHECK(certificate_error(pem + damaged) == "the text after the certificate is damaged");
  CHECK(certificate_error("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n") == "the certificate is damaged");
  // Must not prompt for a password on the terminal.
  CHECK(certificate_error("-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,"
                          "00112233445566778899AABBCCDDEEFF\n\nAAAAAAAAAAAAAAAAAAAAAA==\n-----END CERTIFICATE-----\n")
        == "the certificate is damaged");
  CHECK(certificate_error(std::string(max_certificate_pem + 1, 'x')) == "a certificate in PEM has at most 64 KiB");
  plan without_issuer;
  without_issuer.issuer.clear();
  CHECK(certificate_error(pem_of(without_issuer)) == "the certificate's issuer is empty");
  plan everybody;
  everybody.issuer.assign(3, {"2.5.4.3", V_ASN1_UTF8STRING, std::string(3000, 'x')});
  CHECK(certificate_error(pem_of(everybody)) == "the certificate's issuer is longer than 8192 bytes");
}
