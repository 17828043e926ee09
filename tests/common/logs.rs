//! What the real programs write, read while they run and looked through when they end: no test run
//! may leave a secret in a log.

use std::io::Read;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Everything that a process has written so far.
#[derive(Default)]
pub struct Captured {
    text: Arc<Mutex<Vec<u8>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Captured {
    /// Goes on reading until the process has ended.
    pub fn read(&mut self, mut from: impl Read + Send + 'static) {
        let text = Arc::clone(&self.text);
        self.readers.push(std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = from.read(&mut piece) {
                text.lock().unwrap().extend_from_slice(&piece[..length]);
            }
        }));
    }

    /// All of it, once the process has ended.
    pub fn whole(&mut self) -> String {
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        String::from_utf8_lossy(&self.text.lock().unwrap()).into_owned()
    }

    /// Fails if there is anything in it that must not be in a log; for a process that has ended.
    pub fn check(&mut self) {
        let text = self.whole();
        if std::thread::panicking() {
            return;
        }
        for forbidden in
            ["X-Amz-Signature", "X-Amz-Credential", "secret-key", "kept-key", "/9j/", "base64,"]
        {
            assert!(!text.contains(forbidden), "{forbidden} is in a log:\n{text}");
        }
        for folder in ["uploads/", "results/"] {
            for (place, _) in text.match_indices(folder) {
                let id: String = text[place + folder.len()..]
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
                    .collect();
                assert!(id.len() < 20, "an id is in a log:\n{text}");
            }
        }
    }
}
