//! The service, assembled once for every entry point: the function, `friends serve` and
//! `friends judge`.

use std::path::Path;
use std::sync::Arc;

use friends_core::error::{Fault, chain};
use friends_core::face_detector::FaceDetector;
use friends_core::limits::Limits;
use friends_core::model::Classifier;

use super::detector::DetectorSettings;
use super::observe::Observer;
use super::pipeline::Judge;
use super::preloaded::Preloaded;
use super::storage::Storage;
use crate::settings::bundle_dir;
use crate::settings::bundle_dir::ModelDirError;
use crate::settings::transport;
use crate::settings::{ConfigError, Settings};

/// The service, whichever entry point is asked.
pub struct App {
    /// Judges photos.
    pub judge: Judge,
    /// Keeps tickets; `None` where only `/api/judge` is wanted.
    pub storage: Option<Storage>,
    /// What visitors are given as the address of the object store.
    pub upload_address: UploadAddress,
    /// Takes what happens.
    pub observer: Observer,
    /// Whom visitors can write to.
    pub contact: Option<String>,
}

/// Where visitors find the object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadAddress {
    /// Where we find it too.
    Storage,
    /// At the host that they asked: `friends serve` is both.
    SameHost,
    /// At this address, without a path: `https://friends.example`.
    Public(String),
}

/// What an entry point decides; the environment decides the rest.
pub struct Assembly<'a> {
    /// The bundle's folder; otherwise `FRIENDS_MODEL_DIR` or the shipped one.
    pub model: Option<&'a Path>,
    /// The detector's name; otherwise `FRIENDS_DETECTOR` or the embedded one.
    pub detector: Option<&'a str>,
    /// How many photos may be in memory at the same time.
    pub permits: usize,
    /// Where tickets are kept.
    pub buckets: Buckets,
    /// Takes what happens.
    pub observer: Observer,
}

/// Where tickets are kept.
pub enum Buckets {
    /// Nowhere: photos are judged at once.
    None,
    /// In the buckets that the environment names, if it names any.
    Environment,
    /// In the object store of this process, and where visitors reach it.
    Embedded(Storage, UploadAddress),
}

/// Why a service cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A setting is not in order.
    #[error(transparent)]
    Setting(#[from] ConfigError),
    /// The bundle is not in order.
    #[error(transparent)]
    Bundle(#[from] Arc<ModelDirError>),
    /// Our fault.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl App {
    /// Reads settings and bundle, connects everything and begins to load both networks;
    /// [`Judge::loaded`] waits for them. A ticket needs none, so the function does not.
    ///
    /// # Errors
    /// When a setting or the bundle is not in order: nothing should start then.
    pub fn assemble(assembly: Assembly<'_>, settings: &Settings) -> Result<Self, SetupError> {
        let Assembly { model, detector, permits, buckets, observer } = assembly;
        let embedded = Preloaded::begin(|| {
            FaceDetector::load().inspect(|detector| {
                tracing::info!(
                    network.operator = detector.operator(),
                    "the face detector is loaded"
                );
            })
        });
        // Read and checked on the thread that needs it next, while this one goes on.
        let place = bundle_dir::find(model, settings);
        let bundle = Preloaded::later(move || Ok(place.read().map(Arc::new).map_err(Arc::new)));
        let checked = bundle.clone();
        let classifier = Preloaded::begin(move || {
            let bundle = checked
                .get()?
                .as_ref()
                .map_err(|error| Fault::new("loading the bundle", chain(error)))?;
            let classifier = Classifier::new(Arc::clone(bundle))
                .map_err(|error| Fault::new("loading the bundle", error))?;
            tracing::info!(
                network.operator = classifier.backbone().operator(),
                "the backbone is loaded"
            );
            Ok(classifier)
        });
        let http = transport::client()?;
        let detector = DetectorSettings::read(detector, settings)?;
        let contact = settings.contact()?;
        let (storage, upload_address) = match buckets {
            Buckets::None => (None, UploadAddress::Storage),
            Buckets::Environment => {
                let storage = settings
                    .storage()?
                    .map(|settings| Storage::new(settings, transport::for_sdk(http.clone())));
                (storage, UploadAddress::Storage)
            }
            Buckets::Embedded(storage, address) => (Some(storage), address),
        };
        let detector = detector.set_up(embedded, &http, storage.as_ref())?;
        let bundle = bundle.get()?.clone()?;
        let judge = Judge::new(detector, bundle, classifier, Limits::default(), permits);
        Ok(Self { judge, storage, upload_address, observer, contact })
    }
}
