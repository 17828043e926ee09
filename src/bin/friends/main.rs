//! The operator's entry point.

mod annotate;
#[cfg(feature = "train")]
mod audit;
mod bundle;
#[cfg(all(feature = "studio", feature = "train"))]
mod detectors;
#[cfg(feature = "train")]
mod evaluate;
#[cfg(feature = "train")]
mod extraction;
#[cfg(feature = "serve")]
mod feedback;
mod judge;
#[cfg(feature = "train")]
mod plot;
mod profile;
mod progress;
#[cfg(feature = "serve")]
mod serve;
#[cfg(feature = "train")]
mod sheet;
#[cfg(feature = "studio")]
mod studio;
#[cfg(feature = "train")]
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use friends_judge::service::observe::telemetry;
use tracing_subscriber::filter::LevelFilter;

#[cfg(all(feature = "serve", target_os = "linux"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

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
    #[cfg(feature = "serve")]
    Serve(serve::Args),
    /// Judge photos
    Judge(judge::Args),
    /// Show where the time of a photo goes, stage by stage
    Profile(profile::Args),
    /// Train a bundle from folders of photos
    #[cfg(feature = "train")]
    Train(train::Args),
    /// Measure a bundle on labelled photos
    #[cfg(feature = "train")]
    Evaluate(evaluate::Args),
    /// Find photos with wrong labels, second copies and heads that are too small
    #[cfg(feature = "train")]
    Audit(audit::Args),
    /// Compare face detectors on photos with known faces
    #[cfg(all(feature = "studio", feature = "train"))]
    Detectors(detectors::Args),
    /// What visitors said of verdicts
    #[cfg(feature = "serve")]
    Feedback(feedback::Args),
    /// Show, verify or compare bundles
    Bundle(bundle::Args),
    /// Draw characters: training pictures, contact sheets, fixtures
    #[cfg(feature = "studio")]
    Studio(studio::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let level = match cli.command {
        #[cfg(feature = "serve")]
        Command::Serve(_) => LevelFilter::INFO,
        _ => LevelFilter::WARN,
    };
    telemetry::start(telemetry::Format::Text, level);
    let result = match cli.command {
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(args),
        Command::Judge(args) => judge::run(args),
        Command::Profile(args) => profile::run(&args),
        #[cfg(feature = "train")]
        Command::Train(args) => train::run(&args),
        #[cfg(feature = "train")]
        Command::Evaluate(args) => evaluate::run(&args),
        #[cfg(feature = "train")]
        Command::Audit(args) => audit::run(&args),
        #[cfg(all(feature = "studio", feature = "train"))]
        Command::Detectors(args) => detectors::run(args),
        #[cfg(feature = "serve")]
        Command::Feedback(args) => feedback::run(args),
        Command::Bundle(args) => bundle::run(args),
        #[cfg(feature = "studio")]
        Command::Studio(args) => studio::run(args),
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
