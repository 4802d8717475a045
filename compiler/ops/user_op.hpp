#pragma once
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/ops/op.hpp"

// Operators that a user brings with a header: `--op DOMAIN::NAME=header.hpp`.
namespace inferc {

// What one function of the header takes, in this order, and gives: views of the inputs, the parameters, views of the outputs.
// Sizes are numbers, names (which the inputs' shapes give their values) and expressions over these.
struct UserSignature {
  struct Parameter {
    std::string name;
    std::variant<std::monostate, std::int64_t, double> otherwise;  // an attribute without this must be there
    bool real = false;
  };
  std::string text, function;
  std::vector<Type> inputs, outputs;
  std::vector<Parameter> parameters;
};

struct UserOp {
  std::string domain, name, header, code;  // header: its file's name
  std::vector<UserSignature> signatures;
};

// Reads the lines `// inferc: NAME(x: f32[n, d], ..., alpha: float = 1, k: int) -> y: f32[n, 2*d], ...` of a header. Throws UserError
// with every line that is wrong.
[[nodiscard]] UserOp read_user_op(const std::string& domain, const std::string& name, const std::string& header, const std::string& code);

// From here on find_op knows it, in this process. Throws UserError for an operator that there is already.
void define_user_op(UserOp op);
[[nodiscard]] const UserOp* find_user_op(std::string_view name, std::string_view domain);
[[nodiscard]] const Op* find_defined_op(std::string_view name, std::string_view domain);

}  // namespace inferc
