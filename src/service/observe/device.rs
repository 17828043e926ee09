//! What a request says of the device that it comes from, without saying whose it is.

use axum::http::{HeaderMap, header};

/// The class of the visitor's device, as the CDN tells it, or else the browser itself.
#[must_use]
pub fn device(headers: &HeaderMap) -> &'static str {
    const CLASSES: [(&str, &str); 3] = [
        // A tablet is also mobile.
        ("cloudfront-is-tablet-viewer", "tablet"),
        ("cloudfront-is-mobile-viewer", "mobile"),
        ("cloudfront-is-desktop-viewer", "desktop"),
    ];
    let is_true = |name: &str| headers.get(name).is_some_and(|value| value == "true");
    if let Some((_, class)) = CLASSES.into_iter().find(|(name, _)| is_true(name)) {
        return class;
    }
    let browser =
        headers.get(header::USER_AGENT).and_then(|name| name.to_str().ok()).unwrap_or_default();
    let says = |word: &str| browser.contains(word);
    match () {
        () if says("iPad") || says("Tablet") || (says("Android") && !says("Mobile")) => "tablet",
        () if says("Mobi") => "mobile",
        () if says("Mozilla/") => "desktop",
        () => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_tablet_is_not_counted_as_a_phone() {
        let mut headers = HeaderMap::new();
        assert_eq!(device(&headers), "unknown");
        for (browser, class) in [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19.0 Mobile/15E148 Safari/604.1",
                "mobile",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
                "mobile",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
                "tablet",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605 Mobile/15E148 Safari/604.1",
                "tablet",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "desktop"),
            ("curl/8.5.0", "unknown"),
        ] {
            headers.insert(header::USER_AGENT, HeaderValue::from_static(browser));
            assert_eq!(device(&headers), class, "{browser}");
        }
        headers.insert("cloudfront-is-mobile-viewer", HeaderValue::from_static("true"));
        assert_eq!(device(&headers), "mobile");
        headers.insert("cloudfront-is-tablet-viewer", HeaderValue::from_static("true"));
        assert_eq!(device(&headers), "tablet");
    }
}
