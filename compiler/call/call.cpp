#include "compiler/call/call.hpp"

namespace inferc {

Arg::Arg(PointerArg a) : AnyArg(std::move(a)) {}
Arg::Arg(ViewArg a) : AnyArg(std::move(a)) {}
Arg::Arg(SizeArg a) : AnyArg(std::move(a)) {}
Arg::Arg(RuntimeSizeArg a) : AnyArg(std::move(a)) {}
Arg::Arg(RangeArg a) : AnyArg(std::move(a)) {}
Arg::Arg(ScalarArg a) : AnyArg(std::move(a)) {}
Arg::Arg(SizesArg a) : AnyArg(std::move(a)) {}
Arg::Arg(ParamsArg a) : AnyArg(std::move(a)) {}
Arg::Arg(TypeArg a) : AnyArg(std::move(a)) {}
Arg::Arg(AccessorArg a) : AnyArg(std::move(a)) {}
Arg::Arg(EpilogueArg a) : AnyArg(std::move(a)) {}
Arg::Arg(StridedArg a) : AnyArg(std::move(a)) {}
Arg::Arg(GatheredArg a) : AnyArg(std::move(a)) {}
Arg::Arg(const Arg&) = default;
Arg::Arg(Arg&&) noexcept = default;
Arg& Arg::operator=(const Arg&) = default;
Arg& Arg::operator=(Arg&&) noexcept = default;
Arg::~Arg() = default;

TemplateArg::TemplateArg(std::string text) : variant(std::move(text)) {}
TemplateArg::TemplateArg(const char* text) : variant(std::string(text)) {}
TemplateArg::TemplateArg(std::shared_ptr<const Expr> expr) : variant(std::move(expr)) {}
TemplateArg::TemplateArg(const TemplateArg&) = default;
TemplateArg::TemplateArg(TemplateArg&&) noexcept = default;
TemplateArg& TemplateArg::operator=(const TemplateArg&) = default;
TemplateArg& TemplateArg::operator=(TemplateArg&&) noexcept = default;
TemplateArg::~TemplateArg() = default;

Dim bytes_of(const Call& call) {
  Dim out(0);
  for (const Arg& a : call.args)
    for (const auto& [operand, access] : operands(a)) out = out + operand->size() * Dim(static_cast<std::int64_t>(byte_size(operand->dtype)));
  return out;
}

}  // namespace inferc
