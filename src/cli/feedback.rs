//! `friends feedback`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use friends_core::model::UNKNOWN;
use friends_local::object_store::ObjectStore;
use friends_service::settings::{Settings, transport};
use friends_service::storage::Storage;
use friends_service::tickets::feedback::Opinion;

use crate::output::say;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fetch the crops that visitors gave with their opinions, as candidates: OUT/<slug>/ by what
    /// visitors said, for you to look at
    ///
    /// From the buckets that `FRIENDS_UPLOAD_BUCKET` and `FRIENDS_SITE_BUCKET` name, with the
    /// credentials in `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or from the folder of
    /// friends serve, which may be running.
    Pull {
        /// Where candidates go; crops that are there already are not fetched again
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// The folder of friends serve, where no bucket is named
        /// [default: a folder in the user's data directory]
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
}

#[tokio::main(flavor = "current_thread")]
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Command::Pull { out, data } = args.command;
    let opinions = match (Settings::from_environment().storage()?, data) {
        (Some(settings), None) => {
            let storage = Storage::new(settings, transport::for_sdk(transport::client()?));
            storage.opinions().await?
        }
        (_, data) => local(data)?,
    };
    let (mut fetched, mut without) = (0, 0);
    for opinion in opinions {
        let Some(crop) = &opinion.crop else {
            without += 1;
            continue;
        };
        let folder = out.join(opinion.friend.as_deref().unwrap_or(UNKNOWN));
        // Faces of one photo share the name up to __ and never straddle a split.
        let (ticket, face) = opinion.name.rsplit_once('-').unwrap_or((&opinion.name, "0"));
        let file = folder.join(format!("visitor-{ticket}__{face}.jpg"));
        if file.exists() {
            continue;
        }
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        std::fs::write(&file, crop)
            .with_context(|| format!("{} cannot be written", file.display()))?;
        fetched += 1;
    }
    say!("{}: {fetched} new crops; {without} opinions came without one", out.display());
    say!(
        "Visitors err and joke: look at them (friends evaluate {} --whole --report candidates.html), and move what is right to your \
         photos by hand.",
        out.display()
    );
    Ok(ExitCode::SUCCESS)
}

/// What lies in the folder of `friends serve`, read as files: its store belongs to the server,
/// which may be running.
fn local(data: Option<PathBuf>) -> anyhow::Result<Vec<Opinion>> {
    let Some(data) = data.or_else(|| Some(dirs::data_dir()?.join("friends-judge"))) else {
        bail!("there is no data directory here; name one with --data DIR");
    };
    let dir = ObjectStore::feedback_folder(&data.join("objects"));
    if !dir.is_dir() {
        bail!(
            "{} holds no feedback; name the folder of friends serve with --data DIR, or a bucket with FRIENDS_UPLOAD_BUCKET",
            data.display()
        );
    }
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&dir)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.sort();
    let is_opinion = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".json") && !name.starts_with('.')
    };
    files.into_iter().filter(is_opinion).map(|file| opinion(&file)).collect()
}

fn opinion(file: &Path) -> anyhow::Result<Opinion> {
    let unreadable = || format!("{} cannot be read", file.display());
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let crop = match std::fs::read(file.with_extension("jpg")) {
        Ok(crop) => Some(crop),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(unreadable),
    };
    Opinion::read(name, &std::fs::read(file).with_context(unreadable)?, crop)
        .with_context(unreadable)
}
