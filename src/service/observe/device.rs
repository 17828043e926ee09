//! What a request says of itself without saying whose it is: the route, and the class of the device.

use axum::http::{HeaderMap, header};

/// Where tickets are opened.
pub const OPEN_TICKET: &str = "/api/uploads";

/// The name of a route, without what is particular to the request.
#[must_use]
pub fn route(path: &str) -> &'static str {
    const ROUTES: [&str; 6] =
        [OPEN_TICKET, "/stats.json", "/api/judge", "/api/feedback", "/api/share", "/api/health"];
    const PREFIXES: [(&str, &str); 3] =
        [("/results/", "/results/"), ("/api/results/", "/results/"), ("/r/", "/r/")];
    let fixed = ROUTES.into_iter().find(|route| *route == path);
    let named =
        || PREFIXES.into_iter().find(|(prefix, _)| path.starts_with(prefix)).map(|(_, name)| name);
    fixed.or_else(named).unwrap_or("other")
}

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
    fn routes_carry_no_id() {
        assert_eq!(route("/results/AAAAAAAAAAAAAAAAAAAAAAAA.json"), "/results/");
        assert_eq!(route("/api/judge"), "/api/judge");
        assert_eq!(route("/wp-login.php"), "other");
    }

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
