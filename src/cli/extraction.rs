//! How photos become examples: options that training and measuring share.

use std::path::{Path, PathBuf};
use std::slice;

use friends_core::face_detector::FaceDetector;
use friends_core::model::Backbone;
use friends_training::dataset::Sample;
use friends_training::examples::{Example, Extractor, Framing, Skipped, Views};

use crate::progress;

#[derive(clap::Args)]
pub struct Extraction {
    /// Do not look for faces: the pictures are head crops already
    #[arg(long)]
    whole: bool,
    /// Where features of photos are kept for the next run, 12 kB a photo; what lies there may be
    /// deleted at any time [default: in the user's cache folder]
    #[arg(long, value_name = "DIR", env = "FRIENDS_CACHE")]
    cache: Option<PathBuf>,
    /// Keep no features and use none, whatever --cache says
    #[arg(long)]
    no_cache: bool,
}

impl Extraction {
    /// Photos as they are, to measure on, with a progress bar; those that cannot be used are named
    /// and returned.
    pub fn plain(
        &self,
        samples: &[Sample],
        backbone: &Backbone,
    ) -> anyhow::Result<(Vec<Example>, Vec<Skipped>)> {
        let cache = self.cache_dir();
        let (mut lists, skipped) = self.extracted(
            samples,
            slice::from_ref(backbone),
            Views::Plain,
            "judging",
            cache.as_deref(),
        )?;
        Ok((lists.remove(0), skipped))
    }

    /// All views of photos, to learn from, a list for each backbone; those that cannot be used are
    /// named.
    pub fn augmented(
        &self,
        samples: &[Sample],
        backbones: &[Backbone],
    ) -> anyhow::Result<Vec<Vec<Example>>> {
        let cache = self.cache_dir();
        Ok(self
            .extracted(samples, backbones, Views::Augmented, "reading photos", cache.as_deref())?
            .0)
    }

    /// The same without keeping features: for backbones that nobody will use again.
    pub fn augmented_once(
        &self,
        samples: &[Sample],
        backbones: &[Backbone],
    ) -> anyhow::Result<Vec<Vec<Example>>> {
        Ok(self.extracted(samples, backbones, Views::Augmented, "reading photos", None)?.0)
    }

    fn extracted(
        &self,
        samples: &[Sample],
        backbones: &[Backbone],
        views: Views,
        what: &'static str,
        cache: Option<&Path>,
    ) -> anyhow::Result<(Vec<Vec<Example>>, Vec<Skipped>)> {
        let framing = self.framing()?;
        let extractor = Extractor::new(backbones, &framing, views, cache)?;
        let bar = progress::bar(samples.len(), what);
        let (lists, skipped) = extractor.extract(samples, || bar.inc(1))?;
        bar.finish_and_clear();
        for photo in &skipped {
            eprintln!("left out: {}: {}", photo.path.display(), photo.reason);
        }
        Ok((lists, skipped))
    }

    /// Whether no faces are looked for.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Which region of a photo counts.
    pub fn framing(&self) -> anyhow::Result<Framing> {
        Ok(if self.whole { Framing::Whole } else { Framing::Detect(FaceDetector::load()?.into()) })
    }

    fn cache_dir(&self) -> Option<PathBuf> {
        if self.no_cache {
            return None;
        }
        self.cache.clone().or_else(|| Some(dirs::cache_dir()?.join("friends-judge/features")))
    }
}
