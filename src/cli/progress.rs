//! Progress bars, where the terminal can show them, and what happened beside them.

use friends_training::photo_files::LeftOut;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar over `length` items; it stays silent when standard error is no terminal.
pub fn bar(length: usize, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length as u64).with_message(what);
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
    bar.set_style(style.expect("the template is well formed"));
    bar
}

/// Says what was left out of folders of photos, if anything was.
pub fn tell_left_out(left_out: &LeftOut) {
    if !left_out.is_empty() {
        eprintln!("left out: {left_out}");
    }
}
