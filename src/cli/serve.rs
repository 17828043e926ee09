//! `friends serve`

use std::fs::{DirBuilder, File, TryLockError};
use std::io::ErrorKind;
use std::num::{NonZero, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use friends_local::object_store::ObjectStore;
use friends_local::server::{HOUSEKEEPING, Server, ServerSettings};
use friends_service::app::{App, Assembly, Buckets, UploadAddress};
use friends_service::observe::{Log, Observer};
use friends_service::settings::{CONTACT, Settings};
use tokio::net::TcpListener;

use crate::addresses;
use crate::output::say;

#[derive(clap::Args)]
#[command(after_long_help = crate::settings())]
pub struct Args {
    /// The address to listen on; 0.0.0.0 lets phones on the same network in
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// The port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Where photos (until they are judged) and results (for seven days) are kept
    /// [default: a folder in the user's data directory]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The bundle to judge with [default: what the environment says, or the shipped one]
    #[arg(long, value_name = "BUNDLE")]
    model: Option<PathBuf>,
    /// The face detector [default: what the environment says, or embedded]
    #[arg(long, value_parser = ["embedded", "cloud-vision", "cascade"])]
    detector: Option<String>,
    /// Whom visitors write to: a mail address, or one that begins with https://
    /// [default: what the environment says]
    #[arg(long, value_name = "ADDRESS")]
    contact: Option<String>,
    /// Open the page in this machine's browser
    #[arg(long)]
    open: bool,
    /// Where visitors reach this server, if not at the address that they ask: behind a proxy that
    /// speaks TLS, passes the Host header on and is reached at <https://friends.example>, say
    #[arg(long, value_name = "URL", value_parser = origin)]
    public_url: Option<String>,
    /// Believe the last entry of X-Forwarded-For, which the proxy in front of this server writes:
    /// requests are counted by address
    #[arg(long)]
    behind_proxy: bool,
    /// How many photos are judged at the same time, each with up to 200 MB
    /// [default: one for each processor]
    #[arg(long, value_name = "N")]
    at_once: Option<NonZeroUsize>,
}

/// Scheme and host of a URL, without a path.
fn origin(text: &str) -> Result<String, String> {
    let refusal = || "give https://HOST or http://HOST, without a path".to_owned();
    let url = reqwest::Url::parse(text).map_err(|_| refusal())?;
    let bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty();
    if bare && url.has_host() && ["http", "https"].contains(&url.scheme()) {
        return Ok(url.as_str().trim_end_matches('/').to_owned());
    }
    Err(refusal())
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    let ended = runtime.block_on(serve(args));
    // A decoder that is still busy with a photo has its own end, but nobody waits for it.
    runtime.shutdown_background();
    ended
}

async fn serve(args: Args) -> anyhow::Result<ExitCode> {
    let data = match args.data {
        Some(dir) => dir,
        None => dirs::data_dir()
            .context("there is no data directory here; name one with --data DIR")?
            .join("friends-judge"),
    };
    let _lock = lock(&data)?;
    let listener = listen(&args.host, args.port).await?;

    let workers =
        args.at_once.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZero::get);
    let store = ObjectStore::open(&data.join("objects"))
        .with_context(|| format!("{} cannot be used as an object store", data.display()))?;
    let address = args.public_url.map_or(UploadAddress::SameHost, UploadAddress::Public);
    let assembly = Assembly {
        model: args.model.as_deref(),
        detector: args.detector.as_deref(),
        permits: workers,
        buckets: Buckets::Embedded(store.storage(), address),
        observer: Observer::new(Log),
    };
    let mut settings = Settings::from_environment();
    if let Some(contact) = args.contact {
        settings = settings.with(&CONTACT, contact);
    }
    let app = App::assemble(assembly, &settings)?;
    app.judge.loaded()?;
    let crash_counts = data.join("tries");
    let settings = ServerSettings {
        workers,
        behind_proxy: args.behind_proxy,
        crash_counts,
        housekeeping: HOUSEKEEPING,
    };
    let server = Server::new(app, store, settings);

    // Before anybody hears that the server is there and may end it.
    let stop = interrupted()?;
    let here = addresses::tell(listener.local_addr()?);
    say!("photos and results are kept in {}; Ctrl-C stops", data.display());
    if args.open
        && let Err(error) = open::that_detached(&here)
    {
        eprintln!("friends: no browser could be opened ({error}); go to {here}");
    }
    server.run(listener, stop).await;
    say!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Keeps a second server off the same folder.
fn lock(data: &Path) -> anyhow::Result<File> {
    let mut folder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder
        .recursive(true)
        .create(data)
        .with_context(|| format!("{} cannot be made; choose another --data DIR", data.display()))?;
    let file = File::create(data.join("lock"))
        .with_context(|| format!("{} cannot be written", data.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!(
                "another friends serve uses {}; stop it or choose another --data DIR",
                data.display()
            )
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("{} cannot be locked", data.display()))
        }
    }
}

async fn listen(host: &str, port: u16) -> anyhow::Result<TcpListener> {
    match TcpListener::bind((host, port)).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!(
                "port {port} on {host} is taken; stop what uses it, or choose another with --port (0 takes a free one)"
            )
        }
        Err(error) => Err(error).with_context(|| format!("{host}:{port} cannot be listened on")),
    }
}

/// Ends with Ctrl-C or SIGTERM, both of which are listened for from now on; a second one ends the
/// process at once.
fn interrupted() -> std::io::Result<impl Future<Output = ()>> {
    let mut orders = Orders::listen()?;
    Ok(async move {
        orders.next().await;
        tokio::spawn(async move {
            orders.next().await;
            std::process::exit(130);
        });
    })
}

/// Orders to stop.
#[cfg(unix)]
struct Orders([tokio::signal::unix::Signal; 2]);

#[cfg(unix)]
impl Orders {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Orders;

#[cfg(not(unix))]
impl Orders {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
