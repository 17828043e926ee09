//! Sizes that are factors on the usual one.

/// The usual size.
pub(super) fn one() -> f32 {
    1.0
}
