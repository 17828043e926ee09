//! What the program says on standard output.

use std::fmt;
use std::io::{ErrorKind, Write as _};

/// Says a line on standard output, as `println!` does; a reader who has gone is no failure.
macro_rules! say {
    ($($what:tt)*) => { $crate::output::line(format_args!($($what)*)) };
}
pub(crate) use say;

/// Writes a line. Whoever reads our answers may have enough of them (`friends … | head`): work that
/// is under way, such as a training, goes on and ends well.
///
/// Ends the process when the output cannot be written for another reason, such as a full disk.
pub fn line(what: fmt::Arguments<'_>) {
    let written = writeln!(std::io::stdout().lock(), "{what}");
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        eprintln!("friends: standard output cannot be written: {error}");
        std::process::exit(1);
    }
}
