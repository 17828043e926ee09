//! Features that were computed before, so that a second training of the same photos takes no
//! network.
//!
//! One file a photo: `<fingerprint>/<SHA-256 of the photo's bytes>`, the features of all views as
//! 32-bit floats, little-endian. The fingerprint stands for everything else that features depend
//! on. Each file is written beside its place and moved there, so that neither a full disk nor an
//! interruption leaves half a file; a file of another length is computed anew.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// The folder of one fingerprint.
#[derive(Clone, Debug)]
pub struct FeatureCache {
    dir: PathBuf,
    views: usize,
    features: usize,
}

impl FeatureCache {
    /// The cache below `dir` for photos of `views` views of `features` numbers; `fingerprint` is a
    /// name of hexadecimal digits.
    #[must_use]
    pub fn new(dir: &Path, fingerprint: &str, views: usize, features: usize) -> Self {
        Self { dir: dir.join(fingerprint), views, features }
    }

    /// The features of a photo, named by the SHA-256 of its bytes, a row a view; `None` where they
    /// are not there.
    #[must_use]
    pub fn get(&self, photo: &str) -> Option<Vec<Vec<f32>>> {
        let bytes = std::fs::read(self.dir.join(photo)).ok()?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() || numbers.len() != self.views * self.features {
            return None;
        }
        let numbers: Vec<f32> = numbers.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        Some(numbers.chunks(self.features).map(<[f32]>::to_vec).collect())
    }

    /// Keeps the features of a photo under the same name.
    ///
    /// # Errors
    /// When the folder or file cannot be written: the features are as good, only the next run
    /// computes them again.
    pub fn put(&self, photo: &str, views: &[Vec<f32>]) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.dir)?;
        let mut file = NamedTempFile::new_in(&self.dir)?;
        let bytes: Vec<u8> = views.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
        file.write_all(&bytes)?;
        file.persist(self.dir.join(photo))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_come_back_to_the_last_bit_and_a_torn_file_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let cache = FeatureCache::new(dir.path(), "ab", 2, 3);
        let views = vec![vec![0.1, f32::MIN_POSITIVE, -3.5e30], vec![1.0, 2.0, 3.0]];
        assert_eq!(cache.get("photo"), None);
        cache.put("photo", &views).unwrap();
        assert_eq!(cache.get("photo"), Some(views));
        assert_eq!(cache.get("another"), None);
        assert_eq!(
            FeatureCache::new(dir.path(), "cd", 2, 3).get("photo"),
            None,
            "another fingerprint"
        );
        let file =
            std::fs::read_dir(dir.path().join("ab")).unwrap().next().unwrap().unwrap().path();
        std::fs::write(&file, [0; 20]).unwrap();
        assert_eq!(cache.get("photo"), None);
    }
}
