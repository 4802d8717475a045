#include <gtest/gtest.h>

#include "compiler/run/tensor_file.hpp"

#include "compiler/support/diagnostics.hpp"
#include "compiler/support/npz.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/support/paths.hpp"

namespace inferc {
namespace {

namespace fs = std::filesystem;

Tensor scalar(float value) { return tensor_of<float>({}, std::span(&value, 1)); }

Tensor no_protos(const fs::path&) { throw UserError("no .pb expected"); }

std::vector<float> read(const fs::path& where, const std::vector<NamedType>& ports, const ProtoReader& proto = no_protos) {
  std::vector<float> out;
  for (const Tensor& t : read_inputs(where, ports, proto)) out.push_back(t.as<float>()[0]);
  return out;
}

const std::vector<NamedType> ab{{"a", {DType::float32, {}}}, {"b", {DType::float32, {}}}};

TEST(TensorFile, EveryElementTypeSurvivesTheRoundTrip) {
  const fs::path dir = test::scratch_dir("round_trip");
  for (int number = 1; number <= 26; ++number) {
    const auto dtype = dtype_from_onnx(number);
    if (!dtype || *dtype == DType::string) continue;
    Tensor t(*dtype, {2, 3});
    for (std::size_t i = 0; i < t.bytes().size(); ++i) t.bytes()[i] = static_cast<std::byte>(*dtype == DType::boolean ? i % 2 : i);
    write_file(dir / "t.npy", npy_file(t));
    EXPECT_TRUE(read_npy(dir / "t.npy", *dtype).same(t)) << name(*dtype);
  }
}

TEST(TensorFile, StoresTypesThatNumpyLacksAsIntegers) {
  EXPECT_EQ(numpy_type(DType::bfloat16), "<u2");
  EXPECT_EQ(numpy_type(DType::float8e5m2), "|u1");
  EXPECT_EQ(numpy_type(DType::int4), "|i1");
  EXPECT_EQ(numpy_type(DType::uint2), "|u1");
  const NpyArray ml_dtypes{"<V2", {1}, std::vector<std::byte>(2)};
  EXPECT_EQ(to_tensor(ml_dtypes, DType::bfloat16, "x").dtype(), DType::bfloat16);
  EXPECT_THROW((void)to_tensor(ml_dtypes, DType::float32, "x"), UserError);
  const NpyArray plain{"<u2", {1}, std::vector<std::byte>(2)};
  EXPECT_EQ(to_tensor(plain, DType::float16, "x").dtype(), DType::uint16);
}

TEST(ReadInputs, GoesByNameOrByPosition) {
  const fs::path dir = test::scratch_dir("inputs");
  write_file(dir / "a.npy", npy_file(scalar(1)));
  write_file(dir / "b.npy", npy_file(scalar(2)));
  EXPECT_EQ(read(dir, ab), (std::vector<float>{1, 2}));
  write_file(dir / "input_0.pb", "");
  write_file(dir / "input_1.npy", npy_file(scalar(4)));
  EXPECT_EQ(read(dir, ab, [](const fs::path&) { return scalar(3); }), (std::vector<float>{3, 4}));
}

TEST(ReadInputs, TakesUnsafeNamesByPosition) {
  const fs::path dir = test::scratch_dir("unsafe");
  write_file(dir / "a.npy", npy_file(scalar(1)));
  write_file(dir / "input_1.npy", npy_file(scalar(2)));
  EXPECT_EQ(read(dir, {{"a", {DType::float32, {}}}, {"../b", {DType::float32, {}}}}), (std::vector<float>{1, 2}));
}

TEST(ReadInputs, ReadsArchives) {
  const fs::path dir = test::scratch_dir("archives");
  const std::string one = npy_file(scalar(1)), two = npy_file(scalar(2));
  write_file(dir / "named.npz", npz_file(std::vector<std::pair<std::string, std::string>>{{"b", two}, {"a", one}}));
  write_file(dir / "counted.npz", npz_file(std::vector<std::pair<std::string, std::string>>{{"input_1", one}, {"input_0", two}}));
  EXPECT_EQ(read(dir / "named.npz", ab), (std::vector<float>{1, 2}));
  EXPECT_EQ(read(dir / "counted.npz", ab), (std::vector<float>{2, 1}));
}

TEST(ReadInputs, NamesEveryMissingInput) {
  const fs::path dir = test::scratch_dir("missing");
  try {
    (void)read(dir, ab);
    FAIL();
  } catch (const UserError& e) {
    ASSERT_EQ(e.problems().size(), 2U);
    EXPECT_NE(e.problems()[1].message.find("lacks input 1 'b'"), std::string::npos);
  }
}

TEST(WriteOutputs, NumbersThem) {
  const fs::path dir = test::scratch_dir("outputs") / "new";
  write_outputs(dir, std::vector{scalar(5), scalar(6)});
  EXPECT_EQ(read_npy(dir / "output_1.npy").as<float>()[0], 6);
}

}  // namespace
}  // namespace inferc
