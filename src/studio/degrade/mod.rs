//! What a camera, a printer or a network does to a picture.

mod camera;
mod jpeg;

pub use camera::Camera;
