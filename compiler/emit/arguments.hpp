#pragma once
#include <set>
#include <string>

#include "compiler/emit/parts.hpp"

namespace inferc {

// Prints the calls of a program; remembers which buffers they touch and which functors they need.
class CallPrinter {
 public:
  // `functors`: those that an earlier printer of the same file defined.
  CallPrinter(const Program& program, const Names& names, Functors functors = {}) : program_(program), names_(names), functors_(std::move(functors)) {}

  // Calls are shared by the workers of `team` from now on.
  void share() { shares_ = true; }
  // Two lines: the ONNX nodes with their types as a comment, and the kernel call.
  std::string call(const Call&);
  [[nodiscard]] std::string variable(std::size_t buffer) const;  // the local pointer to a buffer
  [[nodiscard]] bool touched(std::size_t buffer) const { return touched_.count(buffer) != 0; }
  [[nodiscard]] const Functors& functors() const { return functors_; }

 private:
  [[nodiscard]] std::string require(const Call&) const;
  std::string shared(const Call&, std::int64_t grain, const std::string& templates);
  std::string branch(const Call&);
  std::string loop(const Call&);
  std::string size_of_its_own(const Call&);
  std::string events(const Call&);
  std::string block(const std::vector<Call>&);
  std::string element(const Arg&);
  std::string template_arg(const TemplateArg&);
  std::string pointer(const Operand&);
  std::string typed_size(const Dim&) const;
  std::string signed_size(const Dim&) const;
  std::string list(const std::vector<Dim>&, bool is_signed) const;
  std::string accessor(const Accessor&);
  std::string print(const PointerArg&);
  std::string print(const ViewArg&);
  std::string print(const StridedArg& a);
  std::string print(const GatheredArg&);
  std::string print(const SizeArg&);
  std::string print(const RuntimeSizeArg&);
  std::string print(const RangeArg&);
  std::string print(const ScalarArg&);
  std::string print(const SizesArg&);
  std::string print(const ParamsArg&);
  std::string print(const TypeArg&);
  std::string print(const AccessorArg&);
  std::string print(const EpilogueArg&);

  const Program& program_;
  const Names& names_;
  std::set<std::size_t> touched_;
  Functors functors_;
  bool shares_ = false;
};

}  // namespace inferc
