#pragma once
#include <string>
#include <string_view>

#include "compiler/plan/program.hpp"

namespace inferc {

// Calls of these kernels, which are no functions. events: the body once for each event; `measures` is its number. event_rows: sets
// `measures` to the first row of the event that is its one argument, event_size to the number of its rows.
inline constexpr std::string_view events_kernel = "events", event_rows_kernel = "event rows", event_size_kernel = "event size";

// The program over many events at once, whose sizes of `symbol` differ: of every tensor the rows of all events stand one behind the
// other, those that have one for each event likewise. Its symbols are "events" and "rows", the sum of their sizes. Calls that work row by
// row run once over all of them, the others event by event; results have the same bits. Throws UserError with every reason why
// that cannot be.
[[nodiscard]] Program batch_program(const Program& program, const std::string& symbol);

}  // namespace inferc
