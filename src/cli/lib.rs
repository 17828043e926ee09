//! The operator's program, one module a subcommand.

// Comments on commands and arguments are printed as the help, where `DIR/<slug>` is no HTML.
#![allow(rustdoc::broken_intra_doc_links, rustdoc::invalid_html_tags)]
// A reader who has gone must be no panic: output.rs writes.
#![deny(clippy::print_stdout)]

mod addresses;
mod annotate;
mod audit;
mod bundle;
mod detectors;
mod evaluate;
mod extraction;
mod feedback;
mod judge;
mod output;
mod plot;
mod profile;
mod progress;
mod serve;
mod sheet;
mod studio;
mod train;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use friends_service::observe::telemetry;
use friends_service::settings::{VARIABLES, Variable};
use tracing_subscriber::filter::LevelFilter;

/// フレンズ判定器 / Friends Judge: which Kemono Friends character is in the photo, or honestly none.
#[derive(Parser)]
#[command(name = "friends", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole service on one port: page, API, object store, workers
    Serve(serve::Args),
    /// Judge photos
    Judge(judge::Args),
    /// Show where the time of a photo goes, stage by stage
    Profile(profile::Args),
    /// Train a bundle from folders of photos
    Train(train::Args),
    /// Measure a bundle on labelled photos
    Evaluate(evaluate::Args),
    /// Find photos with wrong labels, second copies and heads that are too small
    Audit(audit::Args),
    /// Compare face detectors on photos with known faces
    Detectors(detectors::Args),
    /// What visitors said of verdicts
    Feedback(feedback::Args),
    /// Show, verify or compare bundles
    Bundle(bundle::Args),
    /// Draw characters: training pictures, contact sheets, fixtures
    Studio(studio::Args),
    /// Show which variables of the environment are read, and which are set
    #[command(after_long_help = settings())]
    Settings,
    /// Write what a shell needs to complete commands, to standard output
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual page to standard output: `friends man | man -l -`
    Man,
}

/// Every variable of the environment, for the help.
pub(crate) fn settings() -> String {
    let paragraph = |variable: &&Variable| {
        let Variable { name, meaning, default } = variable;
        format!("  {name}\n          {meaning} [default: {default}]")
    };
    format!(
        "Environment, of this program and of the function:\n{}",
        VARIABLES.iter().map(paragraph).collect::<Vec<_>>().join("\n")
    )
}

/// Prints which variables are set. Their values are left out: keys are among them.
fn show_settings() {
    let settings = friends_service::settings::Settings::from_environment();
    for variable in VARIABLES {
        let state = if settings.get(variable).is_some() { "set" } else { "-" };
        output::say!("{:32} {state:4} {}", variable.name, variable.meaning);
    }
}

/// Writes a file to standard output.
fn written(file: &[u8]) -> anyhow::Result<ExitCode> {
    std::io::stdout().write_all(file)?;
    Ok(ExitCode::SUCCESS)
}

/// Runs the subcommand that the process was asked for.
///
/// The exit code says whether everything went well; what did not stands on standard error.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let level = match cli.command {
        Command::Serve(_) => LevelFilter::INFO,
        _ => LevelFilter::WARN,
    };
    telemetry::start(telemetry::Format::Text, level);
    let result = match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Judge(args) => judge::run(args),
        Command::Profile(args) => profile::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Detectors(args) => detectors::run(args),
        Command::Feedback(args) => feedback::run(args),
        Command::Bundle(args) => bundle::run(args),
        Command::Studio(args) => studio::run(args),
        Command::Settings => {
            show_settings();
            Ok(ExitCode::SUCCESS)
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "friends", &mut script);
            written(&script)
        }
        Command::Man => {
            let mut page = Vec::new();
            match clap_mangen::Man::new(Cli::command()).render(&mut page) {
                Ok(()) => written(&page),
                Err(error) => Err(error.into()),
            }
        }
    };
    result.unwrap_or_else(|error| {
        // Whoever reads our answers has enough of them.
        if error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
        {
            return ExitCode::SUCCESS;
        }
        eprintln!("friends: {error:#}");
        ExitCode::FAILURE
    })
}
