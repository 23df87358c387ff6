//! Where a payment notification may be sent (PROTOCOL 3.4): in production to https on a public
//! address, unless the institution's list names the host; in test anywhere.

use crate::settings::{Environment, Institution};
use medpay_wire::value::HttpUrl;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether `institution` may be notified at `url`.
pub(super) fn is_allowed(url: &HttpUrl<256>, institution: &Institution) -> bool {
    match institution.environment {
        Environment::Test => true,
        Environment::Production => {
            let host = url.host();
            let with_port = url.port().map(|port| format!("{host}:{port}"));
            let listed = institution.notify_hosts.iter().any(|listed| {
                listed.eq_ignore_ascii_case(&host)
                    || with_port.as_ref().is_some_and(|whole| listed.eq_ignore_ascii_case(whole))
            });
            listed || (url.is_https() && !is_private(&host))
        }
    }
}

/// Whether a host is no public one: by its address, or because its name cannot be in public DNS.
fn is_private(host: &str) -> bool {
    if let Ok(address) = host.parse::<IpAddr>() {
        return match address {
            IpAddr::V4(address) => is_private_v4(address),
            IpAddr::V6(address) => is_private_v6(address),
        };
    }
    let host = host.trim_end_matches('.');
    // 0x7f.1 and 2130706433 are ways to write an address that some resolvers take.
    let last = host.rsplit('.').next().unwrap_or_default();
    let numeric = last.starts_with(|c: char| c.is_ascii_digit());
    let local = ["localhost", "local", "internal", "lan", "home", "test"].contains(&last);
    numeric || local || !host.contains('.')
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let first = address.segments()[0];
    if let Some(v4) = address.to_ipv4() {
        return is_private_v4(v4) || address.is_loopback() || address.is_unspecified();
    }
    first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80 || address.is_multicast()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_host_is_known_however_it_is_written() {
        for host in [
            "10.1.2.3",
            "127.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
            "localhost",
            "his",
            "his.local",
            "a.internal",
            "0x7f.1",
            "2130706433",
            "localhost.",
        ] {
            assert!(is_private(host), "{host}");
        }
        for host in ["8.8.8.8", "pay.hospital.example", "2400:3200::1", "100.128.0.1"] {
            assert!(!is_private(host), "{host}");
        }
    }
}
