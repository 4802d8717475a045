#include <gtest/gtest.h>

#include "compiler/support/npy.hpp"

#include <cstring>

#include "compiler/support/diagnostics.hpp"
#include "compiler/support/mapped_file.hpp"
#include "compiler/support/npz.hpp"
#include "tests/support/paths.hpp"

namespace inferc {
namespace {

std::span<const std::byte> bytes_of(const std::string& s) { return std::as_bytes(std::span(s)); }

template <class T>
std::vector<T> values(const NpyArray& a) {
  std::vector<T> out(a.bytes.size() / sizeof(T));
  std::memcpy(out.data(), a.bytes.data(), a.bytes.size());
  return out;
}

// A file with this header text and elements; `version` 1 or 2.
std::string file(const std::string& header, const std::string& elements, char version = 1) {
  std::string out = "\x93NUMPY";
  out += {version, '\0', static_cast<char>(header.size()), '\0'};
  if (version > 1) out += std::string(2, '\0');
  return out + header + elements;
}

std::string message(const std::string& bytes) {
  try {
    (void)parse_npy(bytes_of(bytes), "x.npy");
  } catch (const UserError& e) {
    return e.what();
  }
  return {};
}

TEST(Npy, ReadsWhatItWrites) {
  const std::vector<float> x{1, 2, 3, 4, 5, 6};
  for (const std::vector<std::int64_t>& shape : {std::vector<std::int64_t>{2, 3}, {6}, {1, 6, 1}}) {
    const std::string written = npy_file("<f4", shape, std::as_bytes(std::span(x)));
    EXPECT_EQ((written.size() - 24) % 64, 0U);
    const NpyArray back = parse_npy(bytes_of(written), "x.npy");
    EXPECT_EQ(back.descr, "<f4");
    EXPECT_EQ(back.shape, shape);
    EXPECT_EQ(values<float>(back), x);
  }
}

TEST(Npy, KeepsScalarsAndEmptyArrays) {
  const std::int64_t seven = 7;
  const NpyArray scalar = parse_npy(bytes_of(npy_file("<i8", {}, std::as_bytes(std::span(&seven, 1)))), "x.npy");
  EXPECT_TRUE(scalar.shape.empty());
  EXPECT_EQ(values<std::int64_t>(scalar), std::vector<std::int64_t>{7});
  const NpyArray empty = parse_npy(bytes_of(npy_file("<f4", {0, 1 << 30, 1 << 30, 1 << 30}, {})), "x.npy");
  EXPECT_TRUE(empty.bytes.empty());
}

TEST(Npy, TransposesColumnMajorArrays) {
  const NpyArray a = parse_npy(bytes_of(file("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }\n", {1, 4, 2, 5, 3, 6})), "x.npy");
  EXPECT_EQ(values<std::uint8_t>(a), (std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6}));
}

TEST(Npy, ReadsVersionsTwoAndThreeAndAnyKeyOrder) {
  for (const char version : {'\2', '\3'}) {
    const NpyArray a = parse_npy(bytes_of(file("{\"shape\": (2,), 'fortran_order': False, 'descr': '|b1'}", {1, 0}, version)), "x.npy");
    EXPECT_EQ(a.descr, "|b1");
    EXPECT_EQ(a.shape, std::vector<std::int64_t>{2});
  }
}

TEST(Npy, RefusesWhatItCannotUse) {
  const std::string rest = ", 'fortran_order': False, 'shape': (2,)}";
  EXPECT_NE(message(file("{'descr': '>f4'" + rest, std::string(8, 0))).find("big-endian"), std::string::npos);
  EXPECT_NE(message(file("{'descr': '|O'" + rest, "")).find("type '|O'"), std::string::npos);
  EXPECT_NE(message(file("{'descr': [('a', '<f4')]" + rest, "")).find("structured"), std::string::npos);
  EXPECT_NE(message(file("{'descr': '<f4'" + rest, std::string(7, 0))).find("needs 8"), std::string::npos);
  EXPECT_NE(message(file("{'descr': '<f4'" + rest, std::string(9, 0))).find("holds 9"), std::string::npos);
  EXPECT_NE(message(file("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", "")).find("shape"), std::string::npos);
  EXPECT_NE(message(file("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", "")).find("too large"), std::string::npos);
  EXPECT_NE(message(file("{'descr': '<f4', 'shape': (2,)}", "")).find("lacks"), std::string::npos);
  EXPECT_NE(message(file("{}", "", 9)).find("version 9"), std::string::npos);
}

TEST(Npy, EveryTruncationIsRefused) {
  const std::vector<double> x{1, 2};
  const std::string whole = npy_file("<f8", {2}, std::as_bytes(std::span(x)));
  for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_NE(message(whole.substr(0, n)), "") << n;
}

// numpy.savez_compressed(f, a=float32 [[0, 2, 4], [1, 3, 5]] in column-major order, b=True)
constexpr char compressed[] =
    "\x50\x4b\x03\x04\x2d\x00\x00\x00\x08\x00\x00\x00\x21\x00\xa3\x1b\xc8\x1d\xff\xff\xff\xff\xff\xff\xff\xff\x05"
    "\x00\x14\x00\x61\x2e\x6e\x70\x79\x01\x00\x10\x00\x98\x00\x00\x00\x00\x00\x00\x00\x54\x00\x00\x00\x00\x00\x00"
    "\x00\x9b\xec\x17\xea\x1b\x10\xc9\xc8\x50\xc6\x50\xad\x9e\x92\x5a\x9c\x5c\xa4\x6e\xa5\xa0\x6e\x93\x66\xa2\xae"
    "\xa3\xa0\x9e\x96\x5f\x54\x52\x94\x98\x17\x9f\x5f\x94\x92\x0a\x12\x0f\x29\x2a\x4d\x05\x0a\x17\x67\x24\x16\xa4"
    "\x02\xb9\x1a\x46\x3a\x0a\xc6\x9a\x3a\x0a\xb5\x0a\xe4\x03\x2e\x06\x30\x68\xb0\x07\x12\x0e\x40\x04\xc4\x0d\x40"
    "\xbc\xc0\x01\x00\x50\x4b\x03\x04\x2d\x00\x00\x00\x08\x00\x00\x00\x21\x00\x82\x2d\xf8\xd3\xff\xff\xff\xff\xff"
    "\xff\xff\xff\x05\x00\x14\x00\x62\x2e\x6e\x70\x79\x01\x00\x10\x00\x81\x00\x00\x00\x00\x00\x00\x00\x43\x00\x00"
    "\x00\x00\x00\x00\x00\x9b\xec\x17\xea\x1b\x10\xc9\xc8\x50\xc6\x50\xad\x9e\x92\x5a\x9c\x5c\xa4\x6e\xa5\xa0\x5e"
    "\x93\x64\xa8\xae\xa3\xa0\x9e\x96\x5f\x54\x52\x94\x98\x17\x9f\x5f\x94\x92\x0a\x12\x77\x4b\xcc\x29\x4e\x05\x8a"
    "\x17\x67\x24\x16\xa4\x02\xf9\x1a\x9a\x3a\x0a\xb5\x0a\x14\x01\x2e\x46\x00\x50\x4b\x01\x02\x2d\x03\x2d\x00\x00"
    "\x00\x08\x00\x00\x00\x21\x00\xa3\x1b\xc8\x1d\x54\x00\x00\x00\x98\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x80\x01\x00\x00\x00\x00\x61\x2e\x6e\x70\x79\x50\x4b\x01\x02\x2d\x03\x2d\x00\x00\x00\x08\x00"
    "\x00\x00\x21\x00\x82\x2d\xf8\xd3\x43\x00\x00\x00\x81\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x80\x01\x8b\x00\x00\x00\x62\x2e\x6e\x70\x79\x50\x4b\x05\x06\x00\x00\x00\x00\x02\x00\x02\x00\x66\x00\x00"
    "\x00\x05\x01\x00\x00\x00\x00";
const std::string deflated(compressed, sizeof compressed - 1);

TEST(Npz, ReadsDeflatedMembers) {
  const auto arrays = parse_npz(bytes_of(deflated), "x.npz");
  ASSERT_EQ(arrays.size(), 2U);
  EXPECT_EQ(arrays[0].first, "a");
  EXPECT_EQ(arrays[0].second.shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(values<float>(arrays[0].second), (std::vector<float>{0, 2, 4, 1, 3, 5}));
  EXPECT_EQ(arrays[1].first, "b");
  EXPECT_EQ(values<std::uint8_t>(arrays[1].second), std::vector<std::uint8_t>{1});
}

TEST(Npz, ReadsWhatItWrites) {
  const std::uint8_t x[] = {1, 2, 3};
  const std::vector<std::pair<std::string, std::string>> arrays{{"input_0", npy_file("|u1", {3}, std::as_bytes(std::span(x)))},
                                                                {"no/shape", npy_file("|u1", {}, std::as_bytes(std::span(x, 1)))}};
  const auto back = parse_npz(bytes_of(npz_file(arrays)), "x.npz");
  ASSERT_EQ(back.size(), 2U);
  EXPECT_EQ(back[0].first, "input_0");
  EXPECT_EQ(values<std::uint8_t>(back[0].second), (std::vector<std::uint8_t>{1, 2, 3}));
  EXPECT_EQ(back[1].first, "no/shape");
}

TEST(Npz, DamageIsRefusedOrHarmless) {
  int refused = 0;
  for (std::size_t n = 0; n < deflated.size(); ++n) {
    EXPECT_THROW((void)parse_npz(bytes_of(deflated.substr(0, n)), "x.npz"), UserError) << n;
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string damaged = deflated;
      damaged[n] = static_cast<char>(damaged[n] ^ flip);
      try {
        (void)parse_npz(bytes_of(damaged), "x.npz");
      } catch (const UserError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 500);
}

TEST(Npz, ReadsTheShippedJets) {
  const MappedFile file(test::source_dir() / "models/jets/test.npz");
  for (const auto& [key, array] : parse_npz(file.bytes(), "test.npz")) EXPECT_EQ(array.shape.at(0), 2000) << key;
}

}  // namespace
}  // namespace inferc
