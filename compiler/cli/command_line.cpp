#include <memory>
#include <thread>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "compiler/cli/command.hpp"
#include "compiler/cli/command_line.hpp"

namespace inferc::cli {
namespace {

void add_kept_outputs(CLI::App& command, const char* name, std::vector<std::string>& keep) {
  command.add_option(name, keep, "NAME,...: of the model these outputs alone, and what they need")->delimiter(',')->take_all()->allow_extra_args(false);
}

void add_assumptions(CLI::App& command, std::vector<std::string>& assume) {
  command.add_option("--assume", assume, "INPUT=VALUE: every element of the input is this number; the code has no such input")
      ->take_all()
      ->allow_extra_args(false);
}

void add_precision(CLI::App& command, std::string& precision) {
  command.add_option("--precision", precision, "f32 or bf16: weights of products rounded to bfloat16, half the bytes to read; arithmetic stays float32")
      ->check(CLI::IsMember({"f32", "bf16"}));
}

// `kept_outputs`: the option that names them; of `run`, --outputs is a folder.
void add_model_arguments(CLI::App& command, ModelArguments& a, const char* kept_outputs = "--outputs") {
  command.add_option("MODEL", a.model, "ONNX file")->required();
  command.add_option("--dim", a.dims, "SYM=N fixes a symbolic size, SYM=LO..HI bounds it; INPUT:AXIS names one by its place")
      ->take_all()
      ->allow_extra_args(false);
  command.add_option("--dim-name", a.dim_names, "OLD=NEW: another name for a symbolic size, in the code and for --dim")->take_all()->allow_extra_args(false);
  command.add_flag("--random-as-input", a.random_as_input, "what the model draws (RandomNormal, Bernoulli ...) becomes an input: the caller draws");
  command.add_option("--carry", a.carry, "OUT=IN: the output is the input of the next call, kept in the Workspace until reset()")
      ->take_all()
      ->allow_extra_args(false);
  command.add_option("--op", a.op, "DOMAIN::NAME=header.hpp: an operator of your own; CONTRIBUTING.md tells what its header holds")
      ->take_all()
      ->allow_extra_args(false);
  add_kept_outputs(command, kept_outputs, a.keep);
  add_assumptions(command, a.assume);
  command
      .add_option("--static-input", a.fixed,
                  "NAME,...: also prepare(), which takes these inputs; what depends on them alone runs there, once, and stays in the Workspace")
      ->delimiter(',')
      ->take_all()
      ->allow_extra_args(false);
  add_precision(command, a.precision);
  command.add_option("--strided", a.strided, "NAME,...: the caller gives the strides of these inputs, in elements: structures of arrays are read in place")
      ->delimiter(',')
      ->take_all()
      ->allow_extra_args(false);
  command.add_option("--batch", a.batch, "SYM: also run_batch(), many events of different sizes SYM in one call; the other sizes are fixed");
}

void add_json_option(CLI::App& command, std::string& path) {
  command.add_option("--json", path, "write the report as JSON to this file; - is standard output");
}

// The options whose names are fixed (INTERFACE section 4) and whose meaning comes later: refused as "not yet", exit code 2.
// Those that the command has already are left alone.
constexpr const char* valued[] = {"--outputs", "--assume", "--batch", "--precision", "--strided", "--static-input", "--carry", "--op", "--target"};
constexpr const char* flags[] = {"--threads", "--random-as-input", "--profile", "--blas"};

[[noreturn]] void refuse(const char* name) { throw UsageError(fmt::format("{}: not yet", name), "this option comes with a later version"); }

void add_later_options(CLI::App& command) {
  for (const char* name : valued)
    if (!command.get_option_no_throw(name))
      command.add_option_function<std::vector<std::string>>(name, [name](const auto&) { refuse(name); })->take_all()->allow_extra_args(false)->group("");
  for (const char* name : flags)
    if (!command.get_option_no_throw(name)) command.add_flag_function(name, [name](std::int64_t) { refuse(name); })->group("");
}

void add_check(CLI::App& app, int& status) {
  const auto a = std::make_shared<CheckArguments>();
  CLI::App* c = app.add_subcommand("check", "tell whether a model would compile, and every problem if it would not");
  add_model_arguments(*c, *a);
  add_json_option(*c, a->json);
  add_later_options(*c);
  c->callback([a, &status] { status = check(*a); });
}

void add_inspect(CLI::App& app, int& status) {
  const auto a = std::make_shared<InspectArguments>();
  CLI::App* c = app.add_subcommand("inspect", "show what a model is, or its graph after a pass");
  add_model_arguments(*c, *a);
  c->add_option("--after", a->after, "print the graph as it is after this pass ('import': before the first)");
  add_json_option(*c, a->json);
  add_later_options(*c);
  c->callback([a, &status] { status = inspect(*a); });
}

void add_ops(CLI::App& app, int& status) {
  const auto json = std::make_shared<std::string>();
  CLI::App* c = app.add_subcommand("ops", "list the operators that are supported");
  add_json_option(*c, *json);
  c->callback([json, &status] { status = ops(*json); });
}

void add_compile(CLI::App& app, int& status) {
  const auto a = std::make_shared<CompileArguments>();
  CLI::App* c = app.add_subcommand("compile", "write C++20 that runs a model");
  add_model_arguments(*c, *a);
  c->add_option("-o,--output", a->output, "folder for the files; made if absent")->required();
  c->add_option("--name", a->name, "name of the files and of the namespace (default: the file's name)");
  c->add_option("--namespace", a->name_space, "C++ namespace A::B (default: the name)");
  c->add_option("--isa", a->paths, "code paths: base,v3,v4,v4q,neon")->delimiter(',')->allow_extra_args(false);
  c->add_flag("--threads", a->threads, "also run(..., Pool&): one call by the threads of a pool that the caller owns");
  c->add_flag("--profile", a->profile, "count the time of each call in the Workspace; reads the clock, which the contract of run() rules out otherwise");
  c->add_option("--max-workspace", a->max_workspace, "BYTES (or 64kB, 4MB): write nothing and exit with 1 where a call needs more memory")
      ->transform(CLI::AsSizeValue(true));
  c->add_option("--max-code", a->max_code, "BYTES: write nothing and exit with 1 where the generated C++ is longer, weights and self-test aside")
      ->transform(CLI::AsSizeValue(true));
  c->add_flag("--embed-weights", a->embed_weights, "put the weights into the program: N_weights.S");
  add_json_option(*c, a->json);
  add_later_options(*c);
  c->callback([a, &status] { status = compile(*a); });
}

void add_run(CLI::App& app, int& status) {
  const auto a = std::make_shared<RunArguments>();
  CLI::App* c = app.add_subcommand("run", "compile, build with $CXX and run a model");
  add_model_arguments(*c, *a, "--keep");
  c->add_option("--inputs", a->inputs, "folder (input_K.npy, input_K.pb or NAME.npy) or .npz file")->required();
  c->add_option("--outputs", a->outputs, "folder for output_K.npy")->required();
  c->add_option("--name", a->name, "name of the compiled model (default: model)");
  add_later_options(*c);
  c->callback([a, &status] { status = run(*a); });
}

void add_verify(CLI::App& app, int& status) {
  const auto a = std::make_shared<VerifyArguments>();
  a->cases.jobs = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  CLI::App* c = app.add_subcommand("verify", "compare generated code with stored results, or with ONNX Runtime and float64");
  c->add_option("CASE_DIR|MODEL", a->what,
                "a model, with --against; or folders with model.onnx and test_data_set_*/{input,output}_K.pb, or folders of such folders")
      ->required();
  c->add_option("-j,--jobs", a->cases.jobs, "cases at a time (default: the number of processors)")->check(CLI::Range(1, 1024));
  c->add_option("--timeout", a->cases.seconds, "seconds until a case that runs counts as hanging (default: 60)")->check(CLI::Range(1, 86400));
  c->add_option("--keep-outputs", a->cases.keep_outputs, "write DIR/CASE/SET/output_K.npy");
  c->add_option("--dim", a->dims, "with --against: SYM=N fixes a size, SYM=LO..HI bounds it")->take_all()->allow_extra_args(false);
  c->add_option("--carry", a->carry, "with --against: OUT=IN, state kept between calls; checked to be what the caller would hand on")
      ->take_all()
      ->allow_extra_args(false);
  add_kept_outputs(*c, "--outputs", a->keep);
  add_precision(*c, a->precision);
  add_assumptions(*c, a->assume);
  c->add_option("--op", a->cases.op, "of folders: DOMAIN::NAME=header.hpp, an operator of your own")->take_all()->allow_extra_args(false);
  c->add_option("--against", a->against, "onnxruntime")->delimiter(',')->allow_extra_args(false);
  c->add_option("--onnxruntime", a->onnxruntime, "libonnxruntime.so (default: INFERC_ONNXRUNTIME, or the wheel in .venv)");
  add_json_option(*c, a->cases.json);
  c->callback([a, &status] { status = verify(*a); });
}

void add_weights(CLI::App& app, int& status) {
  const auto a = std::make_shared<WeightsArguments>();
  CLI::App* c = app.add_subcommand("weights", "write new weights for code that is compiled already");
  c->add_option("MODEL", a->model, "ONNX file of equal structure with new weights")->required();
  c->add_option("--for", a->manifest, "N.json of the compiled model")->required();
  c->add_option("-o,--output", a->output, "the new N.weights")->required();
  c->callback([a, &status] { status = weights(*a); });
}

void add_report(CLI::App& app, int& status) {
  const auto a = std::make_shared<ReportArguments>();
  CLI::App* c = app.add_subcommand("report", "one HTML page of measurements, self-contained");
  c->add_option("BENCH", a->benches, "reports of `inferc bench --json`, and files of bench/results")->required();
  c->add_option("-o,--output", a->output, "the page")->required();
  c->callback([a, &status] { status = report(*a); });
}

void add_bench(CLI::App& app, int& status) {
  const auto a = std::make_shared<BenchArguments>();
  CLI::App* c = app.add_subcommand("bench", "measure generated code, alone or against ONNX Runtime in the same process");
  add_model_arguments(*c, *a);
  c->add_option("--at", a->sizes, "SYM=N: size to measure of a symbol that --dim leaves open (default: its upper bound)")->take_all()->allow_extra_args(false);
  c->add_option("--inputs", a->inputs,
                "folder (input_K.npy, input_K.pb or NAME.npy) or .npz file; these give the sizes in place of --at (default: normal numbers)");
  c->add_option("--against", a->against, "contestants: onnxruntime")->delimiter(',')->allow_extra_args(false);
  c->add_option("--onnxruntime", a->onnxruntime, "libonnxruntime.so (default: INFERC_ONNXRUNTIME, or the wheel in .venv)");
  c->add_option("--threads", a->threads, "calls at the same time, each with a workspace of its own (default: 1)")->check(CLI::Range(1, 1024));
  c->add_flag("--cold", a->cold, "overwrite the caches before each call");
  c->add_flag("--profile", a->profile, "also the time of each call, its share of the peak, and the nodes that it computes");
  c->add_option("--seconds", a->seconds, "time for each contestant (default: 1)")->check(CLI::Range(0.001, 3600.0));
  add_json_option(*c, a->json);
  add_later_options(*c);
  c->callback([a, &status] { status = bench(*a); });
}

}  // namespace

int run_command(int argc, char** argv) {
  CLI::App app("inferc: compiles a trained network (ONNX) to plain C++20", "inferc");
  app.set_version_flag("--version", INFERC_VERSION);
  app.require_subcommand(1);
  int status = ok;
  add_check(app, status);
  add_inspect(app, status);
  add_ops(app, status);
  add_compile(app, status);
  add_run(app, status);
  add_verify(app, status);
  add_weights(app, status);
  add_report(app, status);
  add_bench(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e), ok;
    std::fprintf(stderr, "error: %s\nhelp: inferc --help, inferc COMMAND --help\n", e.what());
    return usage;
  }
  std::cout.flush();
  if (std::cout.fail() || std::fflush(stdout) != 0) throw UserError("cannot write to the standard output");
  return status;
}

}  // namespace inferc::cli
