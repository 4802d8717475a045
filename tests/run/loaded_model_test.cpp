#include <gtest/gtest.h>

#include "compiler/run/loaded_model.hpp"

#include "compiler/support/diagnostics.hpp"
#include "tests/run/sample_model.hpp"

namespace inferc {
namespace {

Tensor floats(std::vector<std::int64_t> shape, std::vector<float> values) { return tensor_of<float>(std::move(shape), values); }

template <class T>
std::vector<T> values(const Tensor& t) {
  return {t.as<T>().begin(), t.as<T>().end()};
}

TEST(LoadedModel, DescribesTheModel) {
  const LoadedModel model(test::sample_model());
  const Signature& s = model.signature();
  ASSERT_EQ(s.inputs.size(), 2U);
  EXPECT_EQ(s.inputs[0].name, "x");
  EXPECT_EQ(text(s.inputs[0].type), "f32[n, 3]");
  EXPECT_EQ(s.inputs[1].name, "in/shift");
  EXPECT_EQ(text(s.outputs[1].type), "i64[nnz]");
  ASSERT_EQ(s.symbols.all().size(), 1U);
  EXPECT_EQ(s.symbols.all()[0].bounds, (Bounds{0, 8}));
  ASSERT_EQ(s.symbols.measured().size(), 1U);
  EXPECT_EQ(s.symbols.measured()[0].limit->text(), "3*n");
  EXPECT_EQ(model.isa(), "base");
}

TEST(LoadedModel, RunsForEverySizeAndMeasuresOutputs) {
  const LoadedModel model(test::sample_model());
  const Tensor shift = floats({3}, {0, -5, 0});
  const auto two = run_model(model, std::vector{floats({2, 3}, {1, 2, 3, 4, 5, 6}), shift});
  EXPECT_EQ(two[0].shape(), (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(values<float>(two[0]), (std::vector<float>{1, -1, -3, 4, 5, -6}));
  EXPECT_EQ(two[1].shape(), std::vector<std::int64_t>{3});
  EXPECT_EQ(values<std::int64_t>(two[1]), (std::vector<std::int64_t>{0, 3, 4}));
  const auto none = run_model(model, std::vector{floats({0, 3}, {}), shift});
  EXPECT_EQ(none[0].shape(), (std::vector<std::int64_t>{0, 3}));
  EXPECT_EQ(none[1].shape(), std::vector<std::int64_t>{0});
}

TEST(LoadedModel, TellsWhyACallFailed) {
  const LoadedModel model(test::sample_model());
  const Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6}), shift = floats({3}, {0, 0, 0});
  BoundCall many(model, {{"n", 9}}, std::vector{x, shift});
  EXPECT_EQ(many.run(), inferc_dim_out_of_bounds);
  EXPECT_THROW(
      try { many.require(inferc_dim_out_of_bounds); } catch (const UserError& e) {
        EXPECT_STREQ(e.what(), "the model stopped with dim_out_of_bounds (symbol 'n')");
        throw;
      },
      UserError);
  BoundCall short_input(model, {{"n", 2}}, std::vector{x, floats({2}, {0, 0})});
  EXPECT_EQ(short_input.run(), inferc_buffer_too_small);
  EXPECT_THROW(
      try { short_input.require(inferc_buffer_too_small); } catch (const UserError& e) {
        EXPECT_STREQ(e.what(), "the model stopped with buffer_too_small (input 'in/shift')");
        throw;
      },
      UserError);
}

TEST(LoadedModel, RefusesWhatItCannotLoad) {
  const BuiltModel built = test::sample_model();
  EXPECT_THROW(LoadedModel("/nonexistent.so", "sample", built.weights), UserError);
  EXPECT_THROW(LoadedModel(built.library, "other", built.weights), UserError);
  EXPECT_THROW(LoadedModel(built.library, "sample", built.library), UserError);
  EXPECT_THROW(LoadedModel(built.library, "sample", {}), UserError);
}

}  // namespace
}  // namespace inferc
