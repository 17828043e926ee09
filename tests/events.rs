//! Recorded events: what we make of each shape that AWS sends.

use friends_local::object_store::created_event;
use friends_service::event::Event;
use friends_service::tickets::TicketId;
use serde_json::Value;

const BUCKET: &str = "friends-uploads";

pub fn recorded(name: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("events").join(name);
    serde_json::from_slice(&std::fs::read(path).expect("the event is there")).expect("and JSON")
}

fn parse(name: &str) -> Event {
    Event::parse(&recorded(name), BUCKET).expect("an event that we know")
}

fn tickets(ids: &[&str]) -> Event {
    Event::Uploaded(ids.iter().map(|id| TicketId::parse(id).unwrap()).collect())
}

#[test]
fn a_notification_names_a_ticket() {
    assert_eq!(parse("s3-object-created.json"), tickets(&["AAAAAAAAAAAAAAAAAAAAAAAA"]));
}

#[test]
fn several_records_are_all_read_and_duplicates_stay() {
    let ids = ["AAAAAAAAAAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBBBBBBBBBB", "AAAAAAAAAAAAAAAAAAAAAAAA"];
    assert_eq!(parse("s3-several-records.json"), tickets(&ids));
}

#[test]
fn keys_are_decoded_and_what_is_no_ticket_is_passed_over() {
    assert_eq!(parse("s3-odd-keys.json"), tickets(&["CCCCCCCCCCCCCCCCCCCCCCCC"]));
}

#[test]
fn other_buckets_and_deletions_are_not_for_us() {
    assert_eq!(parse("s3-not-ours.json"), tickets(&[]));
}

#[test]
fn the_test_event_of_a_new_notification_is_harmless() {
    assert_eq!(parse("s3-test-event.json"), tickets(&[]));
}

#[test]
fn a_schedule_asks_for_a_sweep() {
    assert_eq!(parse("schedule.json"), Event::Sweep);
}

#[test]
fn an_event_that_was_given_up_names_its_tickets_however_it_is_wrapped() {
    let Event::Uploaded(photos) = tickets(&["AAAAAAAAAAAAAAAAAAAAAAAA"]) else { unreachable!() };
    for name in ["on-failure-envelope.json", "sqs-on-failure.json", "sqs-dead-letter.json"] {
        assert_eq!(parse(name), Event::GivenUp(photos.clone()), "{name}");
    }
}

#[test]
fn a_sweep_that_was_given_up_needs_nothing() {
    let mut envelope = recorded("on-failure-envelope.json");
    envelope["requestPayload"] = recorded("schedule.json");
    assert_eq!(Event::parse(&envelope, BUCKET).unwrap(), Event::GivenUp(Vec::new()));
}

#[test]
fn a_message_that_cannot_be_read_stays_in_the_queue() {
    let mut message = recorded("sqs-on-failure.json");
    message["Records"][0]["body"] = "not JSON".into();
    assert!(Event::parse(&message, BUCKET).is_err());
}

#[test]
fn anything_else_is_an_error_so_that_it_ends_in_the_failure_queue() {
    assert!(Event::parse(&serde_json::json!({"hello": "world"}), BUCKET).is_err());
}

#[test]
fn the_embedded_store_sends_what_aws_sends() {
    let ours = created_event(
        BUCKET,
        "uploads/AAAAAAAAAAAAAAAAAAAAAAAA",
        482_113,
        "d41d8cd98f00b204e9800998ecf8427e",
    );
    let theirs = recorded("s3-object-created.json");
    assert_eq!(fields(&ours), fields(&theirs));
    assert_eq!(Event::parse(&ours, BUCKET).unwrap(), tickets(&["AAAAAAAAAAAAAAAAAAAAAAAA"]));
}

#[test]
fn the_embedded_store_encodes_keys_as_aws_does() {
    let event = created_event(BUCKET, "uploads/Happy Face+サ.jpg", 1, "");
    assert_eq!(event["Records"][0]["s3"]["object"]["key"], "uploads/Happy+Face%2B%E3%82%B5.jpg");
}

/// All paths to values, without the values.
fn fields(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => {
            let inner = map.iter().flat_map(|(key, value)| {
                fields(value).into_iter().map(move |path| format!("{key}.{path}"))
            });
            inner.collect()
        }
        Value::Array(items) => items.iter().flat_map(fields).collect(),
        _ => vec![String::new()],
    }
}
