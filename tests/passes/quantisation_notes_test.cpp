#include <gtest/gtest.h>

#include <fmt/format.h>

#include "compiler/passes/quantisation_notes.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

std::string notes(const std::string& body, const std::string& name = "g") {
  Diagnostics d;
  note_quantisation(*parse_graph("graph \"" + name + R"(" {
      %x: f32[1, 2] = input
      %s: f32[] = constant f32[] {0.0078125}
      %odd: f32[] = constant f32[] {0.01}
      %zero: f32[] = constant f32[] {0}
      %one: f32[] = constant f32[] {0.9921875}
      %three: f32[] = constant f32[] {3}
      %u8: u8[] = constant u8[] {0}
      %bits: f32[] = constant f32[] {8}
      %w: f32[2, 2] = constant f32[2, 2] {0.5, -0.25, 0.125, 0}
      %off: f32[2, 2] = constant f32[2, 2] {0.5, -0.25, 0.001, 0}
      )" + body + "\n return %y\n }"),
                    d);
  std::string out;
  for (const Diagnostic& w : d.warnings()) {
    EXPECT_FALSE(w.help.empty());
    out += w.message + "\n";
  }
  return out;
}

bool says(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

const std::string quantised = " %q = QuantizeLinear(%c, %s, %u8)\n %d = DequantizeLinear(%q, %s, %u8)\n %y = MatMul(%d, %w)";

TEST(QuantisationNotes, KnowTheQuantisersOfPQuantML) {
  const std::string text = notes("%c = Clip(%x, %zero, %one)\n" + quantised);
  EXPECT_TRUE(says(text, "rounds half to even and saturates")) << text;
  EXPECT_EQ(notes("%c = Clip(%x, %zero, %one)\n %q = QuantizeLinear(%c, %odd, %u8)\n %y = DequantizeLinear(%q, %odd, %u8)"), "")
      << "no power of two: not PQuantML";
}

TEST(QuantisationNotes, FindBitsThatTheIntegersLack) {
  EXPECT_TRUE(says(notes("%c = Clip(%x, %zero, %three)\n" + quantised), "the export lost the bits beyond them"));
}

TEST(QuantisationNotes, MissTheClipOfNarrowQuantisers) {
  const std::string body = "%c = Relu(%x)\n" + quantised;
  EXPECT_TRUE(says(notes(body), "include_clip=False"));
  std::string float_weights = body;
  float_weights.replace(float_weights.rfind("%w"), 2, "%off");
  EXPECT_EQ(notes(float_weights), "") << "the weights are on no grid: another tool";
}

TEST(QuantisationNotes, FindWeightsThatAreRoundedAgain) {
  const std::string body = R"(%q = qonnx.custom_op.general.Quant(%off, %s, %zero, %bits) {"narrow" = 0, "signed" = 1}
      %y = MatMul(%x, %q))";
  EXPECT_TRUE(says(notes(body, "pquant_keras_onnx"), "rounded again"));
  EXPECT_EQ(notes(body), "") << "so Brevitas quantises weights";
  std::string on_grid = body;
  on_grid.replace(on_grid.find("%off"), 4, "%w");
  EXPECT_EQ(notes(on_grid, "pquant_keras_onnx"), "");
}

TEST(QuantisationNotes, SayWhatIsNotComputedInIntegers) {
  const auto quantise = [](const char* scale, const char* high) {
    return fmt::format("%y = inferc.Quantize(%x, {}, %zero, {}) {{\"overflow\" = \"SAT\", \"rounding\" = \"RND\"}}", scale, high);
  };
  EXPECT_TRUE(says(notes(quantise("%three", "%three")), "no power of two"));
  EXPECT_TRUE(says(notes(quantise("%s", "%one")), "no integer"));
  EXPECT_EQ(notes(quantise("%s", "%three")), "");
}

TEST(QuantisationNotes, ReadTruncateAsDown) {
  EXPECT_TRUE(says(notes(R"(%y = qonnx.custom_op.general.Quant(%x, %s, %zero, %bits) {"rounding_mode" = "TRUNCATE"})"), "is read as DOWN"));
}

}  // namespace
}  // namespace inferc
