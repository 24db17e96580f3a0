//! `graph-emulator`: the emulator as a program of its own.
#![forbid(unsafe_code)]

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
