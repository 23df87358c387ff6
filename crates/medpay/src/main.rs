//! `medpay`: see `medpay help`.

fn main() -> std::process::ExitCode {
    medpay::commands::main()
}
