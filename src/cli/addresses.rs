//! Where a server can be reached, told to whoever started it.

use std::io::IsTerminal as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

use crate::output::say;

/// Prints every address of a server that listens here, and a QR code of the one that phones on the
/// same network can use. Returns the address for a browser on this machine.
pub fn tell(listening: SocketAddr) -> String {
    let url = |ip: IpAddr| format!("http://{}/", SocketAddr::new(ip, listening.port()));
    if !listening.ip().is_unspecified() {
        let here = url(listening.ip());
        say!("フレンズ判定器 / Friends Judge: {here}");
        return here;
    }
    let here = url(Ipv4Addr::LOCALHOST.into());
    say!("フレンズ判定器 / Friends Judge: {here}");
    let networks = if_addrs::get_if_addrs().unwrap_or_default();
    let reachable: Vec<String> = networks
        .iter()
        .filter(|network| !network.is_loopback() && !network.is_link_local())
        .map(if_addrs::Interface::ip)
        .filter(|ip| ip.is_ipv4() || listening.is_ipv6())
        .map(url)
        .collect();
    for address in &reachable {
        say!("on the same network / 同じネットワークから: {address}");
    }
    if let Some(address) = reachable.first()
        && std::io::stdout().is_terminal()
        && let Ok(code) = QrCode::new(address)
    {
        // Most terminals are dark: what is dark on paper is left out, what is light is drawn.
        let (dark, light) = (Dense1x2::Light, Dense1x2::Dark);
        say!("{}", code.render::<Dense1x2>().dark_color(dark).light_color(light).build());
    }
    here
}
