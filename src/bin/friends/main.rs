//! The operator's door.

mod annotate;
mod bundle;
mod evaluate;
mod judge;
mod model;
mod progress;
mod serve;
mod studio;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use friends_judge::telemetry;
use tracing_subscriber::filter::LevelFilter;

/// フレンズ判定器 / Friends Judge: which Kemono Friends character is in the photo, or honestly nobody.
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
    /// Train a bundle from folders of photos
    Train(train::Args),
    /// Measure a bundle on labelled photos
    Evaluate(evaluate::Args),
    /// Show or verify a bundle
    Bundle(bundle::Args),
    /// Draw characters: training pictures, contact sheets, fixtures
    Studio(studio::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let level = if matches!(cli.command, Command::Serve(_)) { LevelFilter::INFO } else { LevelFilter::WARN };
    telemetry::start(telemetry::Format::Text, level);
    let result = match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Judge(args) => judge::run(args),
        Command::Train(args) => train::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Bundle(args) => bundle::run(args),
        Command::Studio(args) => studio::run(args),
    };
    result.unwrap_or_else(|error| {
        eprintln!("friends: {error:#}");
        ExitCode::FAILURE
    })
}
