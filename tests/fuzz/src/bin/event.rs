//! Whatever Lambda delivers is an event or an error.
#![no_main]

use friends_service::event::Event;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(event) = serde_json::from_slice(bytes) {
        let _ = Event::parse(&event, "friends-uploads");
    }
});
