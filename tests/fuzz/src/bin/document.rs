//! A result document that can be read says the same after it was written.
#![no_main]

use friends_service::tickets::ResultDocument;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(document) = serde_json::from_slice::<ResultDocument>(bytes) {
        let written = serde_json::to_vec(&document).expect("a document can be written");
        let again: ResultDocument = serde_json::from_slice(&written).expect("and read again");
        assert_eq!(serde_json::to_vec(&again).expect("as before"), written);
    }
});
