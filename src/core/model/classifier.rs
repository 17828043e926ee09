//! The network: a backbone that turns a picture into features, and a head that turns features into
//! scores.

use std::sync::Arc;

use bytes::Bytes;
use tract_onnx::prelude::*;

use super::bundle::Bundle;
use super::error::{BackboneError, BundleError};
use super::linear_head::sigmoid;
use super::preprocess::Input;
use super::prototype_head::unit;
use crate::error::Fault;
use crate::geometry::PixelRect;
use crate::network::Network;
use crate::photo::Photo;

/// The feature extractor, optimised for this machine and ready to run.
pub struct Backbone {
    network: Network,
    input: Input,
    features: usize,
}

impl Backbone {
    /// Reads and optimises an ONNX network with one input `[1, 3, height, width]` and one output of
    /// `features` numbers.
    ///
    /// # Errors
    /// When the bytes are no such network.
    pub fn new(
        onnx: impl Into<Bytes>,
        input: Input,
        features: usize,
    ) -> Result<Self, BackboneError> {
        let backbone = Self::measured(onnx, input)?;
        if backbone.features == features {
            return Ok(backbone);
        }
        Err(BackboneError::Features { actual: backbone.features, expected: features })
    }

    /// As [`Backbone::new`], with as many features as the network gives.
    ///
    /// # Errors
    /// As [`Backbone::new`].
    pub fn measured(onnx: impl Into<Bytes>, input: Input) -> Result<Self, BackboneError> {
        let size = [input.height as usize, input.width as usize];
        let network = Network::load(onnx.into(), size).map_err(|error| BackboneError::Network {
            shape: [1, 3, size[0], size[1]],
            source: error.into(),
        })?;
        let features = *network.lengths().first().ok_or(BackboneError::NoOutput)?;
        Ok(Self { network, input, features })
    }

    /// What runs the network on this machine, for people to read.
    #[must_use]
    pub fn operator(&self) -> &str {
        self.network.operator()
    }

    /// What the network expects.
    #[must_use]
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// Length of the feature vector.
    #[must_use]
    pub fn features(&self) -> usize {
        self.features
    }

    /// The features of a tensor made by [`Input::tensor`]: the signed square roots of the network's
    /// outputs, scaled to length 1.
    ///
    /// Averages of rectified activations are skewed, so that a few large ones decide; their roots
    /// make linear heads and cosines more accurate (Perronnin, Sánchez and Mensink, "Improving the
    /// Fisher kernel for large-scale image classification", 2010).
    ///
    /// # Errors
    /// When the network breaks: never on a tensor of the right length.
    pub fn extract(&self, tensor: Vec<f32>) -> Result<Vec<f32>, Fault> {
        let broke = |error: TractError| Fault::new("running the network", error.to_string());
        let outputs = self
            .network
            .run(tensor, [self.input.height as usize, self.input.width as usize])
            .map_err(broke)?;
        let features = outputs[0].to_plain_array_view::<f32>().map_err(broke)?;
        let roots: Vec<f32> =
            features.iter().map(|output| output.abs().sqrt().copysign(*output)).collect();
        Ok(unit(&roots))
    }
}

/// A bundle that is ready to score pictures.
pub struct Classifier {
    bundle: Arc<Bundle>,
    backbone: Backbone,
}

impl Classifier {
    /// Optimises the bundle's backbone.
    ///
    /// # Errors
    /// When the backbone does not have the shape that the manifest says.
    pub fn new(bundle: impl Into<Arc<Bundle>>) -> Result<Self, BundleError> {
        let bundle = bundle.into();
        let manifest = &bundle.manifest;
        let backbone = Backbone::new(bundle.backbone.clone(), manifest.input, manifest.features)
            .map_err(|source| BundleError::Backbone { file: manifest.backbone.clone(), source })?;
        Ok(Self { bundle, backbone })
    }

    /// What it was made of.
    #[must_use]
    pub fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }

    /// Its feature extractor.
    #[must_use]
    pub fn backbone(&self) -> &Backbone {
        &self.backbone
    }

    /// One score a label for a region of a photo, in the bundle's order, each 0 to 1.
    ///
    /// # Errors
    /// As [`Backbone::extract`].
    pub fn scores(&self, photo: &Photo, area: PixelRect) -> Result<Vec<f32>, Fault> {
        let input = self.backbone.input();
        let features = self.backbone.extract(input.tensor(&input.picture(photo, area)))?;
        Ok(self.scores_of(&features))
    }

    /// One score a label for a feature vector.
    #[must_use]
    pub fn scores_of(&self, features: &[f32]) -> Vec<f32> {
        let temperature = self.bundle.manifest.calibration.temperature;
        self.bundle
            .head
            .logits(features)
            .into_iter()
            .map(|logit| sigmoid(logit / temperature))
            .collect()
    }

    /// Compares the golden vector with what this machine computes.
    ///
    /// # Errors
    /// When a score is off by more than the manifest's tolerance, naming the label.
    pub fn verify(&self) -> Result<(), BundleError> {
        let manifest = &self.bundle.manifest;
        let scores = self.golden_scores().map_err(BundleError::GoldenRun)?;
        for ((label, &actual), &expected) in
            manifest.labels.iter().zip(&scores).zip(&manifest.golden.scores)
        {
            if (actual - expected).abs() > manifest.golden.tolerance {
                return Err(BundleError::Golden { label: label.slug.clone(), actual, expected });
            }
        }
        Ok(())
    }

    /// The scores of [`Input::golden_picture`].
    ///
    /// # Errors
    /// As [`Backbone::extract`].
    pub fn golden_scores(&self) -> Result<Vec<f32>, Fault> {
        let input = self.backbone.input();
        let features = self.backbone.extract(input.tensor(&input.golden_picture()))?;
        Ok(self.scores_of(&features))
    }
}
