#include "catch.hpp"
#include "core/certificates/distinguished_name.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace cm::core;

namespace {

using forms = std::vector<std::string>;

std::string canonical(std::string_view text) {
  const auto result = canonical_distinguished_name(text);
  INFO(text);
  REQUIRE(result.has_value());
  INFO(*result);
  const auto again = canonical_distinguished_name(*result);
  REQUIRE(again.has_value());
  CHECK(*again == *result); // idempotent, whatever the test is about
  return *result;
}

std::string name_error(std::string_view text) {
  const auto result = canonical_distinguished_name(text);
  INFO(text);
  REQUIRE(result.has_error());
  CHECK(result.error().code == errc::invalid);
  return result.error().message;
}

std::string hash_text(const std::array<std::uint8_t, 32>& hash) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const auto byte : hash) {
    text += digits[byte >> 4U];
    text += digits[byte & 0x0fU];
  }
  return text;
}

} // namespace

TEST_CASE("all spellings of one name have one canonical form") {
  const std::vector<std::pair<std::string, std::vector<std::string>>> names{
    {"CN=Devices CA,OU=IoT,O=Example,L=Kyiv,ST=Kyiv,C=UA",
     {"CN=Devices CA,OU=IoT,O=Example,L=Kyiv,ST=Kyiv,C=UA", "CN=Devices CA, OU=IoT, O=Example, L=Kyiv, ST=Kyiv, C=UA",
      "cn=Devices CA;ou=IoT ; o = Example,l=Kyiv,S=Kyiv,c=UA",
      std::string(
        "  2.5.4.3=Devices CA,OID.2.5.4.11=IoT,oid.2.5.4.10=\"Example\",localityName=Kyiv,stateOrProvinceName=Kyiv,\n"
        " countryName=UA  "),
      "CN=#0c0a44657669636573204341,OU=#1303496F54,O=Example,L=Kyiv,ST=\\4byiv,C=#13025541"}},
    {"emailAddress=ca@example.org,serialNumber=77,UID=joe,DC=example,DC=org",
     {"1.2.840.113549.1.9.1=#160e6361406578616d706c652e6f7267,2.5.4.5=#13023737,UID=joe,DC=example,DC=org",
      "EMAILADDRESS=ca@example.org, SERIALNUMBER=77, UID=joe, DC=example, DC=org",
      std::string("OID.1.2.840.113549.1.9.1=ca@example.org, OID.2.5.4.5=77, OID.0.9.2342.19200300.100.1.1=joe, "
                  "OID.0.9.2342.19200300.100.1.25=example, OID.0.9.2342.19200300.100.1.25=org"),
      "emailAddress=ca@example.org,serialNumber=77,UID=joe,DC=example,DC=org",
      std::string("E=ca@example.org,SERIALNUMBER=77,"
                  "userId=joe,domainComponent=example,dc=org")}},
    {"CN=Acme\\, \\\"Inc.\\\" \\\\ a=b\\+c\\;d\\<e\\>,O=\\#1",
     {"CN=Acme\\, \\\"Inc.\\\" \\\\ a\\=b\\+c\\;d\\<e\\>,O=\\#1", R"(CN="Acme, \"Inc.\" \\ a=b+c;d<e>", O="#1")",
      "CN=Acme\\2c \\22Inc.\\22 \\5c a=b\\2Bc\\3Bd\\3Ce\\3E,O=\\231"}},
    {"CN=Лучіч München 日本 😀",
     {"CN=Лучіч München 日本 😀",
      "CN=\\D0\\9B\\D1\\83\\D1\\87\\D1\\96\\D1\\87 M\\C3\\BCnchen \\E6\\97\\A5\\E6\\9C\\AC \\F0\\9F\\98\\80",
      // BMPString, with a pair of surrogates; UniversalString is the last.
      std::string("CN=#1e26041b0443044704560447002000"
                  "4d00fc006e006300680065006e002065e5672c0020d83dde00"),
      std::string("CN=#1c48"
                  "0000041b000004430000044700000456000004470000002000"
                  "00004d000000fc0000006e00000063000000680000006500"
                  "00006e00000020000065e50000672c000000200001f600")}},
    {"CN=Grüße", {"CN=Gr\\C3\\BC\\C3\\9Fe", "CN=#14054772fcdf65", "CN=#0c074772c3bcc39f65", "CN=\"Grüße\""}},
    {"CN=\\ a  b\\ ",
     {"CN=\\ a  b\\ ", "CN=\" a  b \"", "CN=\\20a  b\\20", "CN=  \\ a  b\\    ",
      std::string("CN=#0c0620612020622"
                  "0")}},
    {"CN=a\\0ab\\00,O=x", {"CN=a\\0Ab\\00,O=x", "CN=#0c04610a6200,O=x", "CN=\"a\nb\\00\", O=x"}},
    {"CN=a+OU=b,O=c", {"CN=a+OU=b,O=c", "CN=a + OU=b, O=c", "cn=\"a\" +ou= b ;o=c"}},
    {"CN=,O=x", {"CN=,O=x", "CN= , O=x", "CN=\"\", O=x", "CN=#0c00,O=x"}},
    {"1.3.6.1.4.1.99999.1=text,O=x", {"1.3.6.1.4.1.99999.1=#0c0474657874,O=x", "OID.1.3.6.1.4.1.99999.1=text, O=x"}},
    {"2.5.4.45=#03020780,O=x",
     {"2.5.4.45=#03020780,O=x", "x500UniqueIdentifier=#03020780,O=x", "OID.2.5.4.45=#03020780, O=x"}},
    {"SN=Doe,GN=Joe,title=Dr,initials=J,generationQualifier=III,dnQualifier=q,O=x",
     {"SURNAME=Doe, GIVENNAME=Joe, T=Dr, INITIALS=J, GENERATION=III, DNQ=q, O=x",
      "SN=Doe,GN=Joe,title=Dr,initials=J,generationQualifier=III,dnQualifier=q,O=x",
      std::string("2.5.4.4=#1303446f65,2.5.4.42=#13034a6f65,2.5.4.12=#13024472,2.5.4.43=#13014a,2.5.4.44=#1303494949,"
                  "2.5.4.46=#130171,O=x")}}};
  for (const auto& [expected, spellings] : names) {
    for (const auto& spelling : spellings)
      CHECK(canonical(spelling) == expected);
  }
}

TEST_CASE("the outputs of Java and OpenSSL for the same issuer have one canonical form") {
  const std::string expected = R"(CN=München  日本,L=\ a  b\ ,STREET=Main,jurisdictionC=UA,)"
                               R"(organizationIdentifier=VAT-1,pseudonym=P,initials=J,generationQualifier=III,)"
                               R"(dnQualifier=q,postalCode=01001,businessCategory=Private,2.5.4.45=x80x01,UID=joe,)"
                               R"(serialNumber=77,emailAddress=ca@example.org,GN=Джо,SN=Доу,title=Dr,OU=\#1,)"
                               R"(O=Acme\, Inc. \\ a=b\+c\;d\<e\>,ST=Kyiv,C=UA,DC=example,DC=org)";
  // openssl x509 -issuer -nameopt RFC2253 (3.0)
  CHECK(canonical(R"(CN=M\C3\BCnchen  \E6\97\A5\E6\9C\AC,L=\ a  b\ ,street=Main,jurisdictionC=UA,)"
                  R"(organizationIdentifier=VAT-1,pseudonym=P,initials=J,generationQualifier=III,)"
                  R"(dnQualifier=q,postalCode=01001,businessCategory=Private,x500UniqueIdentifier=x80x01,)"
                  R"(UID=joe,serialNumber=77,emailAddress=ca@example.org,GN=\D0\94\D0\B6\D0\BE,)"
                  R"(SN=\D0\94\D0\BE\D1\83,title=Dr,OU=\#1,O=Acme\, Inc. \\ a=b\+c\;d\<e\>,ST=Kyiv,C=UA,)"
                  R"(DC=example,DC=org)")
        == expected);
  // X500Principal.getName(), toString(), getName("RFC1779") (17)
  CHECK(canonical(R"(CN=München  日本,L=\ a  b\ ,STREET=Main,1.3.6.1.4.1.311.60.2.1.3=#13025541,)"
                  R"(2.5.4.97=#0c055641542d31,2.5.4.65=#0c0150,2.5.4.43=#0c014a,2.5.4.44=#0c03494949,)"
                  R"(2.5.4.46=#130171,2.5.4.17=#0c053031303031,2.5.4.15=#0c0750726976617465,)"
                  R"(2.5.4.45=#0c06783830783031,UID=joe,2.5.4.5=#13023737,)"
                  R"(1.2.840.113549.1.9.1=#160e6361406578616d706c652e6f7267,2.5.4.42=#0c06d094d0b6d0be,)"
                  R"(2.5.4.4=#0c06d094d0bed183,2.5.4.12=#0c024472,OU=\#1,O=Acme\,)"
                  R"( Inc. \\ a\=b\+c\;d\<e\>,ST=Kyiv,C=UA,DC=example,DC=org)")
        == expected);
  CHECK(canonical(R"(CN="München  日本", L=" a  b ", STREET=Main, OID.1.3.6.1.4.1.311.60.2.1.3=UA,)"
                  R"( OID.2.5.4.97=VAT-1, OID.2.5.4.65=P, INITIALS=J, GENERATION=III, DNQ=q,)"
                  R"( OID.2.5.4.17=01001, OID.2.5.4.15=Private, OID.2.5.4.45=x80x01, UID=joe,)"
                  R"( SERIALNUMBER=77, EMAILADDRESS=ca@example.org, GIVENNAME=Джо, SURNAME=Доу,)"
                  R"( T=Dr, OU="#1", O="Acme, Inc. \\ a=b+c;d<e>", ST=Kyiv, C=UA, DC=example, DC=org)")
        == expected);
  CHECK(canonical(R"(CN="München  日本", L=" a  b ", STREET=Main, OID.1.3.6.1.4.1.311.60.2.1.3=UA,)"
                  R"( OID.2.5.4.97=VAT-1, OID.2.5.4.65=P, OID.2.5.4.43=J, OID.2.5.4.44=III,)"
                  R"( OID.2.5.4.46=q, OID.2.5.4.17=01001, OID.2.5.4.15=Private, OID.2.5.4.45=x80x01,)"
                  R"( OID.0.9.2342.19200300.100.1.1=joe, OID.2.5.4.5=77,)"
                  R"( OID.1.2.840.113549.1.9.1=ca@example.org, OID.2.5.4.42=Джо, OID.2.5.4.4=Доу,)"
                  R"( OID.2.5.4.12=Dr, OU="#1", O="Acme, Inc. \\ a=b+c;d<e>", ST=Kyiv, C=UA,)"
                  R"( OID.0.9.2342.19200300.100.1.25=example, OID.0.9.2342.19200300.100.1.25=org)")
        == expected);
}

TEST_CASE("different names have different canonical forms") {
  CHECK(canonical("CN=a,O=b") != canonical("O=b,CN=a"));
  CHECK(canonical("CN=a+OU=b") != canonical("CN=a,OU=b"));
  CHECK(canonical("CN=a+OU=b") != canonical("OU=b+CN=a"));
  CHECK(canonical("CN=A") != canonical("CN=a"));
  CHECK(canonical("CN=a b") != canonical("CN=a  b"));
  CHECK(canonical("CN=a") != canonical("CN=a\\ "));
  CHECK(canonical("CN=\\#0c0161") != canonical("CN=#0c0161"));
  CHECK(canonical("CN=\"#0c0161\"") == canonical("CN=\\#0c0161"));
  CHECK(canonical("SN=1") != canonical("serialNumber=1"));
  CHECK(canonical("CN=a\\,O=b") != canonical("CN=a,O=b"));
}

TEST_CASE(
  "a # value of a non-string type, or with content that is invalid for its type, becomes lower-case hexadecimal") {
  CHECK(canonical("CN=#04024869") == "CN=#04024869"); // OCTET STRING
  CHECK(canonical("CN=#3003020101") == "CN=#3003020101");
  CHECK(canonical("CN=#2C050C03414243") == "CN=#2c050c03414243"); // a string in pieces
  CHECK(canonical("CN=#0C02C328") == "CN=#0c02c328");             // not UTF-8
  CHECK(canonical("CN=#1E03004100") == "CN=#1e03004100");         // half a character
  CHECK(canonical("CN=#1E02DC00") == "CN=#1e02dc00");             // half a pair
  CHECK(canonical("CN=#1C0400110000") == "CN=#1c0400110000");     // beyond Unicode
  CHECK(canonical("CN=#0c81036162"
                  "63")
        == "CN=abc"); // BER allows a long length
  CHECK(canonical("CN=#bf8a0102abcd ,O=x") == "CN=#bf8a0102abcd,O=x");
}

TEST_CASE("attribute types are known by every name that a library prints, in upper and lower case") {
  const std::vector<std::pair<std::string, std::vector<std::string>>> types{
    {"0.9.2342.19200300.100.1.3", {"mail", "MAIL", "Mail", "mAiL", "rfc822Mailbox", "RFC822MAILBOX"}},
    {"2.5.4.20", {"telephoneNumber", "TelephoneNumber", "TELEPHONENUMBER", "telephonenumber", "Phone"}},
    {"2.5.4.16", {"postalAddress", "PostalAddress", "POSTALADDRESS"}},
    {"2.5.4.18", {"postOfficeBox", "POSTOFFICEBOX", "POBox"}},
    {"2.5.4.23", {"facsimileTelephoneNumber", "FACSIMILETELEPHONENUMBER", "fax"}},
    {"2.5.4.24", {"x121Address", "X121ADDRESS", "X21Address"}},
    {"2.5.4.25", {"internationaliSDNNumber", "internationalISDNNumber"}},
    {"2.5.4.45", {"x500UniqueIdentifier", "X500UNIQUEIDENTIFIER", "UniqueIdentifier"}},
    {"2.5.4.51", {"houseIdentifier", "HOUSEIDENTIFIER"}},
    {"2.5.4.54", {"dmdName", "DMDName"}},
    {"2.5.4.72", {"role", "ROLE"}},
    {"1.3.6.1.5.5.7.9.1", {"DateOfBirth", "dateOfBirth", "id-pda-dateOfBirth", "ID-PDA-DATEOFBIRTH"}},
    {"1.3.6.1.5.5.7.9.2", {"PlaceOfBirth", "placeofbirth"}},
    {"1.3.6.1.5.5.7.9.3", {"Gender", "gender"}},
    {"1.3.6.1.5.5.7.9.4", {"CountryOfCitizenship"}},
    {"1.3.6.1.5.5.7.9.5", {"CountryOfResidence"}},
    {"1.3.36.8.3.14", {"NameAtBirth", "nameOfBirth"}},
    {"1.3.6.1.5.5.7.8.5", {"XmppAddr", "xmppaddr"}},
    {"1.2.643.3.131.1.1", {"INN", "inn"}},
    {"1.2.643.100.1", {"OGRN", "ogrn"}},
    {"2.16.840.1.113730.3.1.3", {"employeeNumber", "EMPLOYEENUMBER"}},
    {"0.9.2342.19200300.100.1.44", {"uniqueIdentifier", "UNIQUEIDENTIFIER"}},
    {"emailAddress", {"E", "e", "EMAIL", "Email", "EMAILADDRESS", "emailaddress"}},
    {"serialNumber", {"SERIALNUMBER", "SerialNumber", "serialnumber"}},
    {"dnQualifier", {"DN", "dn", "DNQ", "DNQUALIFIER"}},
    {"SN", {"sn", "surName", "SURNAME"}},
    {"UID", {"uid", "userid", "USERID"}},
    {"businessCategory", {"BusinessCategory", "BUSINESSCATEGORY"}},
    {"postalCode", {"PostalCode", "POSTALCODE"}},
    {"unstructuredName", {"UNSTRUCTUREDNAME", "unstructuredname"}},
    {"jurisdictionL", {"jurisdictionOfIncorporationLocalityName", "incorporationLocality", "JURISDICTIONL"}},
    {"jurisdictionST", {"jurisdictionOfIncorporationStateOrProvinceName", "incorporationState"}},
    {"jurisdictionC", {"jurisdictionOfIncorporationCountryName", "INCORPORATIONCOUNTRY"}},
    {"1.2.3", {"OID.1.2.3", "oid.1.2.3", "Oid.1.2.3", "1.2.3"}}};
  for (const auto& [type, spellings] : types) {
    for (const auto& spelling : spellings)
      CHECK(canonical("O=x," + spelling + "=a") == "O=x," + type + "=a");
  }
}

TEST_CASE("a value that is the bytes of a BMPString, as Java prints them, is its text") {
  const std::vector<std::pair<std::string, std::string>> values{
    {"\\00D\\00e", "De"},
    {"\\00A", "A"},
    {"\"\\00D\\00e\"", "De"},
    {"\\001\\002\\00 \\00a\\00b", "12 ab"},
    {"\\00 \\00a\\00\\,\\00b\\00\\ ", "\\ a\\,b\\ "},
    {"\\00\\#\\00a", "\\#a"},
    {"\\00\\=\\00\\\\", "=\\\\"},
    {"\x04\x1b\x04\x43\x04\x47\x04\x56\x04\x47", "Лучіч"},
    {"\x01\\\r", "č"}, // U+010D: Java escapes a carriage return at the end
    {"\x04\\ ", "Р"},  // U+0420
    {"\\00A\x30\x42", "Aあ"},
    {"#0c0400440065", "De"},  // UTF8String
    {"#1e0400440065", "De"}}; // BMPString, as ever
  for (const auto& [printed, text] : values) {
    CHECK(canonical("CN=" + printed) == "CN=" + text);
    CHECK(canonical("O=x,CN=" + printed + ",C=DE") == "O=x,CN=" + text + ",C=DE");
  }
  const auto name = read_distinguished_name("CN=\\00D\\00e+O=#0c0400440065,OU=b");
  REQUIRE(name.has_value());
  CHECK(name->canonical == "CN=De+O=De,OU=b");
  CHECK(name->others == forms{"CN=\\00D\\00e+O=\\00D\\00e,OU=b", "O=De+CN=De,OU=b", "O=\\00D\\00e+CN=\\00D\\00e,OU=b"});
  CHECK(read_distinguished_name("CN=De,O=#1e0400440065")->others.empty());
  const auto universal = read_distinguished_name("CN=#1C080000D83D0000DE00");
  CHECK(universal->canonical == "CN=😀");
  CHECK(universal->others == forms{"CN=#1c080000d83d0000de00"});
}

TEST_CASE("any other value with control characters stays as it is") {
  for (const auto* value :
       {"\\00", "a\\00", "\\00a\\00", "a\\00b\\00", "\\00\\0a", "\\00\\00", "\\00a\\00\\1f", "Acme\\0aInc", "a\\0d\\0a",
        "\\00G\\00\xef\xbf\xbd", "\\00a\\00\\7f", "\\00a\\00\xc3\xbc"}) {
    const auto text = "CN=" + std::string(value);
    CHECK(canonical(text) == text);
    CHECK(read_distinguished_name(text)->others.empty());
  }
}

// OpenSSL knows a "Mail" (1.3.6.1.7), and builds before this one read that exact spelling as it.
TEST_CASE("a name that former builds read in another way has their canonical form too") {
  const auto name = read_distinguished_name("Mail=a,CN=b,mail=c");
  REQUIRE(name.has_value());
  CHECK(name->canonical == "0.9.2342.19200300.100.1.3=a,CN=b,0.9.2342.19200300.100.1.3=c");
  CHECK(name->others == forms{"1.3.6.1.7=a,CN=b,0.9.2342.19200300.100.1.3=c"});
  for (const auto* same : {"mail=a", "CN=a,emailAddress=b", "1.3.6.1.7=a", "x500UniqueIdentifier=#03020780"}) {
    INFO(same);
    CHECK(read_distinguished_name(same)->others.empty());
  }
  // They did not know these names at all.
  CHECK(read_distinguished_name("MAIL=a")->others.empty());
  CHECK(read_distinguished_name("Mail=a,PHONE=1")->others.empty());
}

TEST_CASE("the error for an invalid name contains the byte offset") {
  CHECK(name_error("") == "a distinguished name cannot be empty");
  CHECK(name_error("   ") == "a distinguished name cannot be empty");
  CHECK(name_error("/C=UA/O=Example") == "not a distinguished name: an attribute type is missing at byte 1");
  CHECK(name_error("CN=a,") == "not a distinguished name: an attribute type is missing at byte 6");
  CHECK(name_error("CN=a,,O=b") == "not a distinguished name: an attribute type is missing at byte 6");
  CHECK(name_error("CN") == "not a distinguished name: a '=' is missing at byte 3");
  CHECK(name_error("CN a=b") == "not a distinguished name: a '=' is missing at byte 4");
  CHECK(name_error("O=x,nonsense=b")
        == "not a distinguished name: an unknown attribute type (write its dotted number) at byte 5");
  for (const auto* type : {"1", "1.", ".1", "1..2", "01.2", "1.02", "3.1", "OID.", "OID.CN", "1.2.x", "-", "12.3"}) {
    INFO(type);
    CHECK(name_error(std::string(type) + "=a").find("an unknown attribute type") != std::string::npos);
  }
  CHECK(name_error("CN=\"a") == "not a distinguished name: a quote without an end at byte 4");
  CHECK(name_error("CN=\"a\" b") == "not a distinguished name: text after the end of a value at byte 8");
  CHECK(name_error("CN=a\"b") == "not a distinguished name: a quote inside of a value at byte 5");
  CHECK(name_error("CN=a\\") == "not a distinguished name: a backslash before a character that needs none at byte 5");
  CHECK(name_error("CN=a\\x") == "not a distinguished name: a backslash before a character that needs none at byte 5");
  CHECK(name_error("CN=a\\c") == "not a distinguished name: a backslash before a character that needs none at byte 5");
  CHECK(name_error("CN=\\c3") == "not a distinguished name: a value that is not UTF-8 at byte 4");
  CHECK(name_error("CN=\xfc") == "not a distinguished name: a value that is not UTF-8 at byte 4");
  CHECK(name_error(std::string("CN=a\0b", 6)) == "not a distinguished name: a zero byte at byte 5");
  CHECK(name_error("CN=#") == "not a distinguished name: a '#' value that is not one BER element at byte 4");
  CHECK(name_error("CN=#0c") == "not a distinguished name: a '#' value that is not one BER element at byte 4");
  CHECK(name_error("CN=#0c0161ff").find("not one BER element") != std::string::npos);
  CHECK(name_error("CN=#0c0261").find("not one BER element") != std::string::npos);
  CHECK(name_error("CN=#0c80610000").find("not one BER element") != std::string::npos);
  CHECK(name_error("CN=#0c85000000000161").find("not one BER element") != std::string::npos);
  CHECK(name_error("CN=#0c84ffffffff61").find("not one BER element") != std::string::npos);
  CHECK(name_error("CN=#1f8080").find("not one BER element") != std::string::npos);
  CHECK(name_error("CN=#0c01g1") == "not a distinguished name: no pair of hexadecimal digits at byte 9");
  CHECK(name_error("CN=#0c0").find("no pair of hexadecimal digits") != std::string::npos);
  CHECK(name_error("CN=#0c0161 b").find("text after the end of a value") != std::string::npos);
}

TEST_CASE("a name has at most 8192 bytes, both as input and in its canonical form") {
  const std::string longest = "CN=" + std::string(max_distinguished_name - 3, 'a');
  CHECK(canonical(longest) == longest);
  CHECK(name_error(longest + "a") == "a distinguished name has at most 8192 bytes");
  CHECK(name_error("CN=\"" + std::string(5000, ',') + "\"")
        == "a distinguished name has at most 8192 bytes, also with its escapes");
}

// Computed with Python: hashlib.sha256(struct.pack('>I', len(a)) + a + struct.pack('>I', len(b)) + b).
TEST_CASE("the subject hash is SHA-256 over issuer and serial number with their lengths") {
  CHECK(hash_text(subject_hash("CN=Devices CA,O=Example,C=UA", "4711"))
        == "2fe2d1573216b020cd9c3d15045e2eda3729a1a47ea6d25dfae5816337536dea");
  CHECK(hash_text(subject_hash("", "")) == "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc");
  CHECK(subject_hash("CN=a", "12") != subject_hash("CN=a1", "2"));
}
