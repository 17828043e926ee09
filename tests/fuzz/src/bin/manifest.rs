//! A bundle's manifest is taken, or refused with the reason.
#![no_main]

use friends_core::model::Manifest;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(refusal) = Manifest::parse(bytes) {
        assert!(!refusal.to_string().is_empty());
    }
});
