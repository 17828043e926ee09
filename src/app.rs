//! What both doors share: a judge, and the buckets where there are any.

use crate::config::{self, DetectorSettings, Lookup};
use crate::model::{Bundle, Classifier};
use crate::photo::Limits;
use crate::pipeline::Judge;
use crate::storage::Storage;
use crate::transport;

/// The service, whichever door leads to it.
pub struct App {
    /// Judges photos.
    pub judge: Judge,
    /// Keeps tickets; `None` where only `/api/judge` is wanted.
    pub storage: Option<Storage>,
    /// What visitors are given as the address of the object store.
    pub upload_address: UploadAddress,
}

/// Where visitors find the object store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadAddress {
    /// Where we find it too.
    Storage,
    /// At the host that they asked: `friends serve` is both.
    SameHost,
}

impl App {
    /// The service as the environment describes it.
    ///
    /// # Errors
    /// When a setting or the bundle is not in order: nothing should start then.
    pub fn from_environment(lookup: Lookup<'_>) -> Result<Self, crate::error::Cause> {
        let http = transport::client()?;
        let detector = DetectorSettings::read(None, lookup)?.load(&http)?;
        let classifier = Classifier::new(Bundle::load(&config::model_dir(None, lookup))?)?;
        let storage = config::storage(lookup)?.map(|settings| Storage::new(settings, transport::for_sdk(http)));
        let judge = Judge::new(detector, classifier, Limits::default(), 1);
        Ok(Self { judge, storage, upload_address: UploadAddress::Storage })
    }
}
