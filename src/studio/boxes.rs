//! Photos with boxes: `DIR/boxes.json`.

use std::path::{Path, PathBuf};

use friends_core::geometry::Rect;
use serde::Deserialize;

use crate::error::StudioError;

/// The file's name.
const BOXES: &str = "boxes.json";

/// A photo and the boxes in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Boxed {
    /// The photo.
    pub path: PathBuf,
    /// The photo as the file names it.
    pub file: String,
    /// The boxes, in pixels of the upright photo.
    pub boxes: Vec<Rect>,
    /// What kind each box is; empty where the file does not say.
    pub labels: Vec<String>,
}

#[derive(Deserialize)]
struct Entry {
    file: String,
    boxes: Vec<[f32; 4]>,
    #[serde(default)]
    labels: Vec<String>,
}

/// Reads `dir/boxes.json`.
///
/// # Errors
/// When the file is missing or not of that form, or lists no photo.
pub fn read(dir: &Path) -> Result<Vec<Boxed>, StudioError> {
    let path = dir.join(BOXES);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(source) => return Err(StudioError::Unreadable { path, source }),
    };
    let entries: Vec<Entry> = match serde_json::from_slice(&text) {
        Ok(entries) => entries,
        Err(source) => return Err(StudioError::Boxes { path, source }),
    };
    if entries.is_empty() {
        return Err(StudioError::NoPhotos { path });
    }
    let boxed = |entry: Entry| Boxed {
        path: dir.join(&entry.file),
        file: entry.file,
        labels: entry.labels,
        boxes: entry
            .boxes
            .iter()
            .map(|&[x, y, width, height]| Rect::new(x, y, width, height))
            .collect(),
    };
    Ok(entries.into_iter().map(boxed).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(BOXES), text).unwrap();
        dir
    }

    #[test]
    fn boxes_come_in_order_and_other_fields_are_left_alone() {
        let dir = written(
            r#"[{"file":"a/b.jpg","width":9,"height":9,"boxes":[[1,2,3,4],[5,6,7,8]],"labels":["bare"]}]"#,
        );
        let photos = read(dir.path()).unwrap();
        assert_eq!(photos[0].path, dir.path().join("a/b.jpg"));
        assert_eq!(
            (photos[0].file.as_str(), &photos[0].labels),
            ("a/b.jpg", &vec!["bare".to_owned()])
        );
        assert_eq!(photos[0].boxes, [Rect::new(1.0, 2.0, 3.0, 4.0), Rect::new(5.0, 6.0, 7.0, 8.0)]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(
            read(tempfile::tempdir().unwrap().path())
                .unwrap_err()
                .to_string()
                .contains("boxes.json cannot be read")
        );
        assert!(read(written("{}").path()).unwrap_err().to_string().contains("not a list"));
        assert!(read(written("[]").path()).unwrap_err().to_string().contains("no photo"));
    }
}
